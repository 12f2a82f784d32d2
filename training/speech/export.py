"""Exports a checkpoint: `python export.py RUN/checkpoint.pt MODEL.bin`, and the way back from the file to transformers.

The averaged weights are taken. The one row that stood for all ids that never occur is copied to each of them.
"""
import argparse

import numpy as np
import torch
from transformers import WhisperConfig, WhisperForConditionalGeneration

import ggml_file
import tokens
from model import SHAPE, TEXT_POSITIONS, WINDOW, Whisper


def config(d_model, heads, encoder_layers, decoder_layers, n_mels=80):
    return WhisperConfig(
        vocab_size=tokens.N_VOCAB, num_mel_bins=n_mels, d_model=d_model, encoder_layers=encoder_layers, decoder_layers=decoder_layers,
        encoder_attention_heads=heads, decoder_attention_heads=heads, encoder_ffn_dim=4 * d_model, decoder_ffn_dim=4 * d_model,
        max_source_positions=WINDOW, max_target_positions=TEXT_POSITIONS, activation_function="gelu_pytorch_tanh", dropout=0.0,
        pad_token_id=tokens.EOT, bos_token_id=tokens.EOT, eos_token_id=tokens.EOT, decoder_start_token_id=tokens.SOT,
        suppress_tokens=None, begin_suppress_tokens=None)


def full_state(checkpoint):
    """The checkpoint's averaged weights as numpy under transformers' names, with all 51865 rows."""
    state = {"model." + k: v.float().numpy() for k, v in checkpoint["average"].items()}
    rows = state["model.decoder.embed_tokens.weight"]
    table = np.tile(rows[-1], (tokens.N_VOCAB, 1))
    table[checkpoint["ids"]] = rows[:-1]
    state["model.decoder.embed_tokens.weight"] = table
    return state


def small_state(path, ids):
    """The way back from a model file to the network of training: full_state's weights, with a row for each of `ids` and one for all others."""
    _, tensors = ggml_file.read(path)
    table = tensors["decoder.token_embedding.weight"]
    other = min(set(range(tokens.N_VOCAB)) - set(ids))
    state = {}
    shapes = {k: v.shape for k, v in Whisper(len(ids) + 1, 1, **SHAPE).state_dict().items()}
    for name, shape in shapes.items():
        values = table[[*ids, other]] if name == "decoder.embed_tokens.weight" else tensors[ggml_file.to_openai(name)]
        state[name] = torch.from_numpy(values.copy()).reshape(shape)
    return state


def load(path):
    """transformers' model with exactly the (dequantised) weights of a whisper.cpp file."""
    header, tensors = ggml_file.read(path)
    vocabulary, _, d_model, heads, encoder_layers, _, _, _, decoder_layers, mels, _ = header
    if vocabulary != tokens.N_VOCAB:
        raise ValueError(f"{path} has {vocabulary} ids, expected {tokens.N_VOCAB}")
    model = WhisperForConditionalGeneration(config(d_model, heads, encoder_layers, decoder_layers, mels))
    state = model.state_dict()
    for name in state:
        source = "decoder.token_embedding.weight" if name == "proj_out.weight" else ggml_file.to_openai(name)
        state[name] = torch.from_numpy(tensors[source].copy()).reshape(state[name].shape)
    model.load_state_dict(state)
    return model.eval()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("checkpoint")
    parser.add_argument("model")
    args = parser.parse_args()
    checkpoint = torch.load(args.checkpoint, weights_only=False)
    shape = checkpoint["shape"]
    ggml_file.write(args.model, full_state(checkpoint), config(**shape))
    print(f"{args.model}: step {checkpoint['step']}, {checkpoint['samples']} clips, {checkpoint['used']:.0f} minutes")


if __name__ == "__main__":
    main()
