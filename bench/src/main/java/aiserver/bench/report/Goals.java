package aiserver.bench.report;

import java.util.List;

/**
 * What the project wants to reach on a processor.
 *
 * @param row    id of the row that answers it
 * @param figure what is measured
 * @param bound  the goal's number
 * @param least  true: at least the bound; false: at most
 * @param shown  the goal as a person writes it
 */
record Goals(String row, String figure, double bound, boolean least, String shown) {
    static final List<Goals> ALL = List.of(
            new Goals("decode-1", "decode tokens/s, Java to C loop, 0.6B Q4_K_M, 1 thread", 0.98, true, "≥ 0.98"),
            new Goals("decode-2", "decode tokens/s, Java to C loop, 0.6B Q4_K_M, 2 threads", 0.98, true, "≥ 0.98"),
            new Goals("form", "decode under the order's form to free decode, 151k vocabulary", 0.95, true, "≥ 0.95"),
            new Goals("order-server", "order analysis, request to result, to llama-server: same prompt, model and form", 1.5, true, "≥ 1.5× faster"),
            new Goals("batch-8", "8 orders at once to one after another, throughput", 2.5, true, "≥ 2.5×"),
            new Goals("order-djl-best", "order analysis to the DJL variant, best of its settings", 2.5, true, "≥ 2.5×"),
            new Goals("order-djl-fp32", "order analysis to the DJL variant, fp32", 6, true, "≥ 6×"),
            new Goals("speech-djl-best", "STT of a 4 s order, large-v3 shape, to DJL's best", 5, true, "≥ 5×"),
            new Goals("picture-djl-best", "a step of SD3.5-medium's shape at 512×512, to DJL's best", 1, true, "≥ 1.0×"),
            new Goals("picture-cache", "a whole picture with step caching at SSIM ≥ 0.95, to the full run", 1.8, true, "≥ 1.8×"),
            new Goals("memory-djl", "resident memory, all three models loaded, to DJL bf16, real shapes", 1.0 / 3, false, "≤ 1/3"),
            new Goals("memory-idle", "idle worker, models unloaded", 90, false, "≤ 90 MB"),
            new Goals("memory-c", "resident memory above the C program with the same models", 60, false, "≤ 60 MB"),
            new Goals("together", "STT p95 while an image is being made, to without", 1.3, false, "≤ 1.3"),
            new Goals("start", "./ai-server run to first result, project models; of speech alone (a picture's is a row below)", 3, false, "≤ 3 s"));

    private static final int LEAST_ROUNDS = 3;

    /**
     * What the rounds say: yes, no, or that they do not say it.
     *
     * @param rounds that count
     * @param low    the least of them; {@code high} the most
     * @param slowed whether it is a time on a machine that goes below its rate: what is missed there may be reached at it
     */
    String verdict(int rounds, double value, double low, double high, boolean slowed) {
        if (rounds < LEAST_ROUNDS) {
            return "undecided (" + rounds + (rounds == 1 ? " round)" : " rounds)");
        }
        return reached(low) != reached(high) ? "undecided (on both sides)" : reached(value) ? "yes"
                : slowed ? "undecided (machine below its rate)" : "no";
    }

    private boolean reached(double value) {
        return least ? value >= bound : value <= bound;
    }
}
