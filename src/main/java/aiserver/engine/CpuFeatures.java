package aiserver.engine;

import bindings.llama.llama_h;

/**
 * What the CPU backend that was loaded can do, as it says itself: native/guard has kernels for processors with AVX512-VNNI
 * that make another setting the best. Asked by any thread once the native libraries are loaded.
 */
final class CpuFeatures {
    private CpuFeatures() {
    }

    /** Whether flash attention is fast while tokens are written, too: native/guard/attention.h. */
    static boolean attendsAsItLies() {
        return has("AVX512");
    }

    /** Whether it is faster still with keys and values in bytes, which are half as much to read: native/guard/attention_bytes.h. */
    static boolean attendsInBytes() {
        return attendsAsItLies() && has("AVX512_VNNI");
    }

    /** Whether many queries meet keys and values in bfloat16 in half of the instructions: native/guard/attention_bf16.h. */
    static boolean attendsInBf16() {
        return attendsAsItLies() && has("AVX512_BF16");
    }

    /** @param feature in the engine's words: "CPU : SSE3 = 1 | AVX512 = 1 | ..." */
    static boolean has(String feature) {
        return llama_h.llama_print_system_info().getString(0).matches("(?s).*\\b" + feature + " = 1\\b.*");
    }
}
