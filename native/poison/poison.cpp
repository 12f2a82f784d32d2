// For tests alone: preloaded into a worker process, it takes the place of one function that the guard calls, and ends the
// process as an engine's own abort() would when the text of a poisonous job reaches it. Part of no distribution; compiled by
// the test that uses it.
#include <cstdint>
#include <cstdlib>
#include <dlfcn.h>
#include <string_view>

namespace {
constexpr std::string_view poison = "poison-apple";
using tokenize = int32_t (*)(const void *, const char *, int32_t, int32_t *, int32_t, bool, bool);
}

extern "C" int32_t llama_tokenize(const void * vocab, const char * text, int32_t bytes, int32_t * tokens, int32_t capacity,
                                  bool add_special, bool parse_special) {
    if (bytes > 0 && std::string_view(text, bytes).find(poison) != std::string_view::npos) {
        std::abort();
    }
    // The engine is loaded by Java, out of sight for RTLD_NEXT.
    static const tokenize engine = reinterpret_cast<tokenize>(dlsym(dlopen("libllama.so.0", RTLD_LAZY | RTLD_NOLOAD), "llama_tokenize"));
    return engine(vocab, text, bytes, tokens, capacity, add_special, parse_special);
}
