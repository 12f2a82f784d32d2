// The net itself: how a call into an engine is caught, and what this thread remembers of it. Used by every ag_* call.
#pragma once

#include "guard.h"

#include <exception>
#include <new>
#include <string>

namespace guard {

// Thrown by ggml's abort callback on a thread that is inside a guarded call.
struct aborted : std::exception {
    std::string message;
    explicit aborted(const char * text) : message(text ? text : "aborted") {}
    const char * what() const noexcept override { return message.c_str(); }
};

// What one thread knows of its guarded calls.
struct call_record {
    int depth = 0;
    int failure = AG_OK;
    std::string words;
};
call_record & record() noexcept;

// Keeps a log line for the drain, and for this thread's words if it warns.
void log_line(int level, const char * text) noexcept;
void note_failure(int kind, const char * what) noexcept;
// Takes the log slots of all engines; to be done again after whatever may have taken them.
void take_logs() noexcept;

// Gives back the pages of a file that is mapped for reading; those that are touched again come in small ones. Nothing where
// that is not to be found out.
void drop_mapped(const char * path) noexcept;

// The same of models' files that are hardly read any more.
void drop_unread_files() noexcept;

class scope {
public:
    scope() noexcept {
        call_record & r = record();
        if (r.depth++ == 0) {
            r.failure = AG_OK;
            r.words.clear();
        }
    }
    ~scope() { record().depth--; }
    scope(const scope &) = delete;
    scope & operator=(const scope &) = delete;
};

// Runs the call; on an exception or abort notes it and returns the value for failure.
template <typename R, typename F> R call(R failed, F && body) noexcept {
    scope s;
    try {
        return body();
    } catch (const aborted & e) {
        note_failure(AG_ABORT, e.what());
    } catch (const std::bad_alloc & e) {
        note_failure(AG_OUT_OF_MEMORY, e.what());
    } catch (const std::exception & e) {
        note_failure(AG_EXCEPTION, e.what());
    } catch (...) {
        note_failure(AG_EXCEPTION, "an exception of an unknown type");
    }
    return failed;
}

// The same for calls without a result: 0, or AG_CAUGHT.
template <typename F> int32_t run(F && body) noexcept {
    return call<int32_t>(AG_CAUGHT, [&]() -> int32_t {
        body();
        return 0;
    });
}

} // namespace guard
