package aiserver.engine;

/** Without flash attention, which sums in half precision on a CPU without AVX512: answers are compared token by token. */
class LlamaEngineContractIT extends TextEngineContract {
    @Override
    TextEngine engine() {
        return new LlamaEngine(LlamaSettings.of(SmallQwen.file(1)).withContext(CONTEXT, 8).withThreads(1).withDevice("cpu")
                .withFlashAttention(false));
    }
}
