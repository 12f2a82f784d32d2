// What SD3's text encoders made of the last few prompts. Compiled into libstable-diffusion: native/stable-diffusion.sed
// brings it into the engine's conditioner, of which each loaded model has one, and which runs on one thread. The
// negative prompt is nearly always the same, and with T5 its encoding costs as much as a step of the sampler. An
// encoding takes 2.5 MB. The key holds all that it follows from, as the worker loads no adapter for the encoders.
#pragma once

#include <cstddef>
#include <list>
#include <string>
#include <utility>

template <typename Encoded>
class TextCache {
    static constexpr std::size_t CAPACITY = 4;

    struct Entry {
        std::string text;
        int clip_skip;
        bool zeroed;
        Encoded encoded;
    };

    std::list<Entry> entries; // the one used last comes first

public:
    // What encode() made of this text when it was last called for it; nothing is kept where it throws.
    template <typename Encode>
    Encoded of(const std::string & text, int clip_skip, bool zeroed, Encode encode) {
        for (auto entry = entries.begin(); entry != entries.end(); ++entry) {
            if (entry->text == text && entry->clip_skip == clip_skip && entry->zeroed == zeroed) {
                entries.splice(entries.begin(), entries, entry);
                return entry->encoded;
            }
        }
        Encoded made = encode();
        entries.push_front({text, clip_skip, zeroed, made});
        if (entries.size() > CAPACITY) {
            entries.pop_back();
        }
        return made;
    }
};
