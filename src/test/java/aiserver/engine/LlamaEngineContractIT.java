package aiserver.engine;

class LlamaEngineContractIT extends TextEngineContract {
    @Override
    TextEngine engine() {
        return new LlamaEngine(LlamaSettings.of(SmallQwen.file(1)).withContext(CONTEXT, 8).withThreads(1).withDevice("cpu"));
    }
}
