// The list of tasks in the explorer: how each stands, its plan, what it does, what it has written.

import * as vscode from 'vscode';
import type { Known } from './known';
import { type Looked, type Node, outline } from './told';

export class View implements vscode.TreeDataProvider<Node>, vscode.Disposable {
  private readonly changed = new vscode.EventEmitter<undefined>();
  readonly onDidChangeTreeData = this.changed.event;
  private readonly tree: vscode.TreeView<Node>;
  private readonly owned: vscode.Disposable;

  constructor(
    private readonly known: Known,
    private readonly looked: (task: string) => Looked | undefined,
  ) {
    this.tree = vscode.window.createTreeView('spark.tasks', { treeDataProvider: this });
    this.owned = vscode.Disposable.from(
      this.changed,
      this.tree,
      known.onChange(() => {
        this.renew();
      }),
    );
  }

  dispose(): void {
    this.owned.dispose();
  }

  /** Show how things stand now. */
  renew(): void {
    this.changed.fire(undefined);
    const working = this.known.all.filter((it) => it.alive).length;
    this.tree.badge = working
      ? { value: working, tooltip: working === 1 ? 'a task is at work' : `${working} are at work` }
      : undefined;
  }

  getChildren(node?: Node): Node[] {
    return node
      ? [...node.children]
      : this.known.all.map((task) => outline(task, this.looked(task.taskId)));
  }

  getTreeItem(node: Node): vscode.TreeItem {
    const { None, Expanded } = vscode.TreeItemCollapsibleState;
    const item = new vscode.TreeItem(node.label, node.children.length ? Expanded : None);
    // Whoever has closed one finds it closed when it has gone on.
    if (node.kind === 'alive' || node.kind === 'over' || node.kind === 'elsewhere') {
      item.id = node.task;
    } else if (node.conflict) {
      item.id = `${node.task} ${node.conflict.key}`;
    } else if (node.ask) {
      item.id = `${node.task} asks ${node.ask.id}`;
    }
    item.contextValue = node.kind;
    if (node.icon) {
      item.iconPath = new vscode.ThemeIcon(node.icon);
    }
    if (node.description) {
      item.description = node.description;
    }
    if (node.tooltip) {
      item.tooltip = node.tooltip;
    }
    if (node.kind === 'ask') {
      item.command = { command: 'spark.answerTask', title: 'Answer', arguments: [node] };
    } else if (node.conflict) {
      const decide = { command: 'spark.decideConflict', title: 'Decide', arguments: [node] };
      item.command = decide;
    } else if (node.path) {
      item.command = { command: 'spark.reviewTask', title: 'Review', arguments: [node] };
    }
    return item;
  }
}
