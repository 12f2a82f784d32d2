// Whether a state of whisper.cpp still holds the encoding of a window of sound. Compiled into libwhisper: native/whisper.sed
// asks it before each pass of the encoder. Finding out the language encodes the first window, and transcribing it would
// encode it again, which with a large model on a processor is most of the time of a short sentence.
#pragma once

#include <algorithm>
#include <cstring>
#include <vector>

// last: the encoder's input of the last pass, a row of 2 * positions frames for each mel, zeros behind the end of the sound.
template <typename Mel>
bool same_window(const std::vector<float> & last, const Mel & mel, int offset, int positions) {
    const size_t frames = 2 * static_cast<size_t>(positions);
    if (last.size() != frames * mel.n_mel) {
        return false;
    }
    const int begin = std::min(offset, mel.n_len);
    const size_t heard = std::min(offset + 2 * positions, mel.n_len) - begin;
    for (int row = 0; row < mel.n_mel; row++) {
        const float * then = last.data() + row * frames;
        const float * now = mel.data.data() + static_cast<size_t>(row) * mel.n_len + begin;
        if (std::memcmp(then, now, heard * sizeof(float)) != 0
                || std::any_of(then + heard, then + frames, [](float value) { return value != 0; })) {
            return false;
        }
    }
    return true;
}
