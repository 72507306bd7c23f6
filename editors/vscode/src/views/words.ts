// How things stand, in the few words of a status bar.

import type { Status } from '../server/server';

/** What there is to tell. */
export interface Told {
  readonly status: Status;
  readonly how: string | undefined;
  readonly paused: boolean;
  /** Milliseconds from a request to its first piece. */
  readonly latency: number | undefined;
  readonly next: boolean;
}

/** Return an icon and words for the status bar. */
export function words({ status, paused, latency, next }: Told): string {
  if (status.kind === 'Stopped') {
    return status.busy ? '$(loading~spin) Spark' : '$(error) Spark';
  }
  if (paused) {
    return '$(debug-pause) Spark';
  }
  const follows = next ? ' $(arrow-right)' : '';
  const fast = latency === undefined ? '' : ` ${latency.toFixed(0)} ms`;
  switch (status.kind) {
    case 'Error':
      return '$(error) Spark';
    case 'Inactive':
      return '$(circle-slash) Spark';
    case 'Warning':
      return `$(warning) Spark${fast}${follows}`;
    default:
      return `${status.busy ? '$(loading~spin)' : '$(zap)'} ${named(status)}${fast}${follows}`;
  }
}

/** What answers, which is all that a status says where all is well. */
function named(status: Status): string {
  return status.busy || status.message.length > 24 ? 'Spark' : status.message;
}
