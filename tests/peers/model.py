"""Writes a small model for llama.cpp: random weights, and one song that it always sings.

Owns the file and nothing else; run by an interpreter that has the `gguf` package, see
`make peers`, and says on standard output what the song is. The layers are random, seeded, and so
weak that the last token decides what follows: whatever the prompt, the answer is the song, then
the end. So a test knows what a server made by others has to stream.
"""

import sys
from pathlib import Path

import gguf  # type: ignore[import-not-found]
import numpy as np
import numpy.typing as npt

SONG = [b"radius", b" **", b" 2", b" *", b" ", b"\xcf", b"\x80"]
"""The tokens of the answer. The last two are halves of one letter, as real vocabularies have it."""

SPECIAL = [
    "<|endoftext|>",
    "<|im_start|>",
    "<|im_end|>",
    "<|fim_prefix|>",
    "<|fim_middle|>",
    "<|fim_suffix|>",
    "<|fim_pad|>",
    "<|repo_name|>",
    "<|file_sep|>",
]
"""Tokens that are no text; llama.cpp knows their meaning by these names, which are Qwen's."""

TEMPLATE = (
    "{% for message in messages %}<|im_start|>{{ message.role }}\n{{ message.content }}<|im_end|>\n"
    "{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
WIDTH = 64
LAYERS = 2
HEADS = 2
CONTEXT = 32_768


def byte_letters() -> list[str]:
    """Return the letter that stands for each byte in byte-level vocabularies."""
    shown = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    hidden = iter(range(0x100, 0x200))
    return [chr(byte if byte in shown else next(hidden)) for byte in range(0x100)]


def vocabulary() -> list[str]:
    """Return all ordinary tokens: one for each byte, the words of the song, one for a merge."""
    letters = byte_letters()
    words = ["".join(letters[byte] for byte in word) for word in SONG if len(word) > 1]
    return [*letters, *words, letters[0x20] * 2]


def write(path: Path) -> None:
    """Write the model."""
    tokens = vocabulary()
    letters = byte_letters()
    ids = {token: number for number, token in enumerate([*tokens, *SPECIAL])}
    end = ids["<|endoftext|>"]
    song = [ids["".join(letters[byte] for byte in word)] for word in SONG]

    draw = np.random.default_rng(4)

    def weights(rows: int, columns: int, scale: float) -> npt.NDArray[np.float32]:
        return (draw.standard_normal((rows, columns)) * scale).astype(np.float32)

    # The first dimension is the same for all tokens, and no layer changes it: what stands there in
    # the output is a bias. It forbids all that is not in the song, and begins the song otherwise.
    embedding = weights(len(ids), WIDTH, 1.0)
    embedding[:, 0] = 1.0
    output = np.zeros((len(ids), WIDTH), np.float32)
    output[:, 0] = -100.0
    for token, following in zip(song, [*song[1:], end], strict=True):
        output[following] = embedding[token]
        output[following, 0] = 0.0
    output[song[0], 0] = 0.6 * WIDTH

    writer = gguf.GGUFWriter(path, "llama")
    writer.add_name("a song")
    writer.add_context_length(CONTEXT)
    writer.add_embedding_length(WIDTH)
    writer.add_block_count(LAYERS)
    writer.add_feed_forward_length(2 * WIDTH)
    writer.add_head_count(HEADS)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_vocab_size(len(ids))
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("qwen2")
    writer.add_token_list([*tokens, *SPECIAL])
    kinds = [gguf.TokenType.NORMAL] * len(tokens) + [gguf.TokenType.CONTROL] * len(SPECIAL)
    writer.add_token_types(kinds)
    writer.add_token_merges([f"{letters[0x20]} {letters[0x20]}"])
    writer.add_eos_token_id(end)
    writer.add_add_bos_token(value=False)
    writer.add_chat_template(TEMPLATE)

    writer.add_tensor("token_embd.weight", embedding)
    writer.add_tensor("output.weight", output)
    writer.add_tensor("output_norm.weight", np.ones(WIDTH, np.float32))
    for number in range(LAYERS):
        block = f"blk.{number}."
        for name in ("attn_q", "attn_k", "attn_v"):
            writer.add_tensor(f"{block}{name}.weight", weights(WIDTH, WIDTH, 0.05))
        for name in ("ffn_gate", "ffn_up"):
            writer.add_tensor(f"{block}{name}.weight", weights(2 * WIDTH, WIDTH, 0.05))
        for name, columns in (("attn_output", WIDTH), ("ffn_down", 2 * WIDTH)):
            added = weights(WIDTH, columns, 0.05)
            added[0] = 0.0
            writer.add_tensor(f"{block}{name}.weight", added)
        for name in ("attn_norm", "ffn_norm"):
            writer.add_tensor(f"{block}{name}.weight", np.ones(WIDTH, np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


if __name__ == "__main__":
    write(Path(sys.argv[1]))
    sys.stdout.buffer.write(b"".join(SONG))
