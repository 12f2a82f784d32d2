package aiserver.models;

import aiserver.models.TensorFile.Source;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;

/**
 * A Qwen3 model of any shape with random weights: the true architecture, chat tokens and template, noise for answers.
 * For tests, and for measuring without the real weights. The same seed gives the same file.
 *
 * @param layers  1 or more
 * @param width   of the residual stream, a multiple of 32
 * @param heads   query heads, a multiple of {@code keyHeads}
 * @param headDim of each head, even
 * @param inner   width of the feed-forward part, a multiple of 32
 * @param type    of the matrices; norms are always F32
 * @param tokens  in the vocabulary, unused ones filling it up; 0: no more than are used
 */
public record RandomQwenModel(int layers, int width, int heads, int keyHeads, int headDim, int inner, int contextLength,
                              WeightType type, int tokens, long seed) {
    /** ChatML, as Qwen's own template writes it for plain conversations. */
    static final String CHAT_TEMPLATE = "{% for message in messages %}{{'<|im_start|>' + message['role'] + '\n' + message['content'] "
            + "+ '<|im_end|>' + '\n'}}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}";
    private static final int QWEN_TOKENS = 151_936;
    private static final float ROPE_BASE = 1_000_000;
    private static final float NORM_EPSILON = 1e-6f;

    /** Small enough for tests: 4 layers of 128, half a megabyte. */
    public static RandomQwenModel small(long seed) {
        return new RandomQwenModel(4, 128, 4, 2, 32, 256, 32768, WeightType.F32, 0, seed);
    }

    /** The shape of Qwen3-0.6B. */
    public static RandomQwenModel shapeOf600M(WeightType type, long seed) {
        return new RandomQwenModel(28, 1024, 16, 8, 128, 3072, 40960, type, QWEN_TOKENS, seed);
    }

    /** The shape of Qwen3-4B. */
    public static RandomQwenModel shapeOf4B(WeightType type, long seed) {
        return new RandomQwenModel(36, 2560, 32, 8, 128, 9728, 40960, type, QWEN_TOKENS, seed);
    }

    /** Writes the file with a small vocabulary of the project's own; an existing one is replaced. */
    public void write(Path file) throws IOException {
        write(file, ByteLevelVocabulary.create());
    }

    /**
     * Writes the file with the tokens of a real model, so that texts are as many tokens as there.
     *
     * @param texts  tokens by id, without control tokens, bytes written as GPT-2 writes them
     * @param merges pairs with a blank between, the earlier the stronger
     */
    public void write(Path file, List<String> texts, List<String> merges) throws IOException {
        write(file, ByteLevelVocabulary.of(texts, merges));
    }

    private void write(Path file, ByteLevelVocabulary words) throws IOException {
        ByteLevelVocabulary vocabulary = words.paddedTo(tokens);
        TensorFile gguf = new TensorFile("qwen3")
                .put("general.name", "random weights, seed " + seed)
                .put("qwen3.block_count", layers)
                .put("qwen3.context_length", contextLength)
                .put("qwen3.embedding_length", width)
                .put("qwen3.feed_forward_length", inner)
                .put("qwen3.attention.head_count", heads)
                .put("qwen3.attention.head_count_kv", keyHeads)
                .put("qwen3.attention.key_length", headDim)
                .put("qwen3.attention.value_length", headDim)
                .put("qwen3.rope.freq_base", ROPE_BASE)
                .put("qwen3.attention.layer_norm_rms_epsilon", NORM_EPSILON)
                .put("tokenizer.ggml.model", "gpt2")
                .put("tokenizer.ggml.pre", "qwen2")
                .put("tokenizer.ggml.tokens", vocabulary.tokens())
                .put("tokenizer.ggml.token_type", vocabulary.types())
                .put("tokenizer.ggml.merges", vocabulary.merges())
                .put("tokenizer.ggml.eos_token_id", vocabulary.id(ByteLevelVocabulary.END))
                .put("tokenizer.ggml.padding_token_id", vocabulary.id(ByteLevelVocabulary.END_OF_TEXT))
                .put("tokenizer.ggml.add_bos_token", false)
                .put("tokenizer.chat_template", CHAT_TEMPLATE);
        int query = heads * headDim;
        int key = keyHeads * headDim;
        // Large embeddings make the tied output sharp, so that likeliest tokens are far apart.
        gguf.add("token_embd.weight", type, normal(0, 1), width, vocabulary.tokens().size());
        gguf.add("output_norm.weight", WeightType.F32, ones(), width);
        for (int layer = 0; layer < layers; layer++) {
            String block = "blk." + layer + ".";
            gguf.add(block + "attn_norm.weight", WeightType.F32, ones(), width)
                    .add(block + "attn_q.weight", type, matrix(layer, 1, width), width, query)
                    .add(block + "attn_k.weight", type, matrix(layer, 2, width), width, key)
                    .add(block + "attn_v.weight", type, matrix(layer, 3, width), width, key)
                    .add(block + "attn_output.weight", type, matrix(layer, 4, query), query, width)
                    .add(block + "attn_q_norm.weight", WeightType.F32, ones(), headDim)
                    .add(block + "attn_k_norm.weight", WeightType.F32, ones(), headDim)
                    .add(block + "ffn_norm.weight", WeightType.F32, ones(), width)
                    .add(block + "ffn_gate.weight", type, matrix(layer, 5, width), width, inner)
                    .add(block + "ffn_up.weight", type, matrix(layer, 6, width), width, inner)
                    .add(block + "ffn_down.weight", type, matrix(layer, 7, inner), inner, width);
        }
        gguf.writeGguf(file);
    }

    private Source matrix(int layer, int which, int inputs) {
        return normal(layer * 16 + which, 1.5 / Math.sqrt(inputs));
    }

    private Source normal(int stream, double deviation) {
        RandomGenerator random = RandomGeneratorFactory.of("L64X128MixRandom").create(seed * 1_000_003 + stream);
        return (block, count) -> {
            for (int i = 0; i < count; i++) {
                block[i] = (float) (random.nextGaussian() * deviation);
            }
        };
    }

    private static Source ones() {
        return (block, count) -> java.util.Arrays.fill(block, 0, count, 1);
    }
}
