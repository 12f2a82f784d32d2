"""Writes a trained checkpoint as GGUF, and reads such a file back as transformers' Qwen3ForCausalLM.

    python export.py WORK ../../models-gguf/demo/qwen3-demo.gguf

All in F32, so that greedy tokens can be held to those of transformers. The weights are the running mean over the last steps of training.
"""
import json
import pathlib
import sys

import gguf
import numpy as np
import torch
from tokenizers import Tokenizer

import model
import tokenizer as own

NAME = "cake-order-qwen3"
TEMPLATE = ("{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>' + '\\n' }}{% endfor %}"
            "{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}")
PARTS = {"self_attn.q_proj": "attn_q", "self_attn.k_proj": "attn_k", "self_attn.v_proj": "attn_v", "self_attn.o_proj": "attn_output",
         "self_attn.q_norm": "attn_q_norm", "self_attn.k_norm": "attn_k_norm", "input_layernorm": "attn_norm",
         "post_attention_layernorm": "ffn_norm", "mlp.gate_proj": "ffn_gate", "mlp.up_proj": "ffn_up", "mlp.down_proj": "ffn_down"}


def gguf_name(name):
    if not name.startswith("layers."):
        return {"embed_tokens.weight": "token_embd.weight", "norm.weight": "output_norm.weight"}[name]
    _, layer, part = name.split(".", 2)
    return f"blk.{layer}.{PARTS[part.removesuffix('.weight')]}.weight"


def write(path, weights, tokenizer):
    config = model.Config.of(weights)
    described = json.loads(tokenizer.to_str())
    vocabulary = {**described["model"]["vocab"], **{t["content"]: t["id"] for t in described["added_tokens"]}}
    tokens = [token for token, _ in sorted(vocabulary.items(), key=lambda item: item[1])]
    writer = gguf.GGUFWriter(path, "qwen3")
    writer.add_name(NAME)
    writer.add_description("Small Qwen3 of this project, trained on made-up calls to cake shops")
    writer.add_license("MIT")
    writer.add_file_type(gguf.LlamaFileType.ALL_F32)
    writer.add_context_length(config.max_position_embeddings)
    writer.add_embedding_length(config.hidden_size)
    writer.add_block_count(config.num_hidden_layers)
    writer.add_feed_forward_length(config.intermediate_size)
    writer.add_head_count(config.num_attention_heads)
    writer.add_head_count_kv(config.num_key_value_heads)
    writer.add_key_length(config.head_dim)
    writer.add_value_length(config.head_dim)
    writer.add_rope_freq_base(config.rope_theta)
    writer.add_layer_norm_rms_eps(config.rms_norm_eps)
    writer.add_vocab_size(config.vocab_size)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("qwen2")
    writer.add_token_list(tokens)
    writer.add_token_types([gguf.TokenType.CONTROL if token in own.SPECIALS else gguf.TokenType.NORMAL for token in tokens])
    writer.add_token_merges([" ".join(pair) for pair in described["model"]["merges"]])
    writer.add_eos_token_id(vocabulary["<|im_end|>"])
    writer.add_pad_token_id(vocabulary["<|endoftext|>"])
    writer.add_add_bos_token(False)
    writer.add_chat_template(TEMPLATE)
    for name, weight in weights.items():
        array = weight.float().numpy()
        writer.add_tensor(gguf_name(name), array.astype(np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def read(path):
    """(the model's own class, transformers' class) with the weights of a file, in F32."""
    from transformers import Qwen3Config, Qwen3ForCausalLM
    reader = gguf.GGUFReader(path)
    value = lambda key: reader.fields[key].contents()
    config = model.Config(len(value("tokenizer.ggml.tokens")), value("qwen3.embedding_length"), value("qwen3.feed_forward_length"), value("qwen3.block_count"),
                          value("qwen3.attention.head_count"), value("qwen3.attention.head_count_kv"), value("qwen3.attention.key_length"),
                          value("qwen3.rope.freq_base"), value("qwen3.attention.layer_norm_rms_epsilon"), value("qwen3.context_length"))
    net = model.Qwen3(config).eval()
    stored = {t.name: torch.from_numpy(np.array(gguf.quants.dequantize(t.data, t.tensor_type), dtype=np.float32)) for t in reader.tensors}
    net.load_state_dict({name: stored[gguf_name(name)].view(p.shape) for name, p in net.named_parameters()})
    theirs = Qwen3ForCausalLM(Qwen3Config(**vars(config), tie_word_embeddings=True, attention_bias=False)).eval()
    weights = {"model." + name: p for name, p in net.state_dict().items()}
    theirs.load_state_dict({**weights, "lm_head.weight": weights["model.embed_tokens.weight"]})
    return net, theirs


def tokenizer_of(path):
    """The tokenizer that a file describes, for use without the folder of the training."""
    from tokenizers import AddedToken, Regex, decoders, models, pre_tokenizers
    reader = gguf.GGUFReader(path)
    tokens = reader.fields["tokenizer.ggml.tokens"].contents()
    merges = [tuple(merge.split(" ")) for merge in reader.fields["tokenizer.ggml.merges"].contents()]
    made = Tokenizer(models.BPE(vocab={t: i for i, t in enumerate(tokens) if t not in own.SPECIALS}, merges=merges))
    made.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.Split(Regex(own.SPLIT), "isolated"),
                                                  pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])
    made.decoder = decoders.ByteLevel()
    made.add_special_tokens([AddedToken(name, special=True, normalized=False) for name in own.SPECIALS])
    return made


if __name__ == "__main__":
    work, path = pathlib.Path(sys.argv[1]), sys.argv[2]
    saved = torch.load(work / "checkpoint.pt", weights_only=True)
    write(path, saved["mean"], Tokenizer.from_file(str(work / "tokenizer.json")))
    print(f"{path}: {pathlib.Path(path).stat().st_size / 1e6:.1f} MB after {saved['step']} steps, {saved['spent'] / 60:.0f} minutes")
