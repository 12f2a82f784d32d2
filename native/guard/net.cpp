// The process-wide half of the guard: abort callback, logging, backends, devices, memory.
#include "net.hpp"

#include "ggml-backend.h"
#include "ggml.h"
#include "llama.h"
#include "stable-diffusion.h"
#include "whisper.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <deque>
#include <mutex>

#if defined(GUARD_OPENMP)
#include <omp.h>
#endif
#if defined(__GLIBC__)
#include <malloc.h>
#endif
#if defined(__linux__)
#include <dlfcn.h>
#include <fcntl.h>
#include <link.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#endif

namespace guard {

namespace {

constexpr size_t kept_words = 4096;   // bytes of an engine's last words that a thread keeps
constexpr size_t kept_lines = 2048;   // log lines that wait to be taken

struct log_queue {
    std::mutex mutex;
    std::condition_variable filled;
    std::deque<std::string> lines;
    size_t dropped = 0;
    int level = 2;
};

log_queue & logs() {
    // Never destroyed: engines log from threads that may outlive static destruction.
    static log_queue * queue = new log_queue;
    return *queue;
}

std::string & partial() {
    // Engines write a line in several pieces; the pieces come together here until the line feed.
    static thread_local std::string text;
    return text;
}

void keep(int level, const std::string & line) {
    if (line.empty()) {
        return;
    }
    call_record & r = record();
    if (r.depth > 0 && level >= 3) {
        if (r.words.size() + line.size() > kept_words) {
            r.words.erase(0, std::min(r.words.size(), line.size() + 1));
        }
        r.words.append(line, 0, kept_words).push_back('\n');
    }
    log_queue & q = logs();
    std::lock_guard<std::mutex> lock(q.mutex);
    if (level < q.level) {
        return;
    }
    if (q.lines.size() >= kept_lines) {
        q.dropped++;
        return;
    }
    q.lines.push_back(std::to_string(level) + line);
    q.filled.notify_one();
}

void on_ggml_log(ggml_log_level level, const char * text, void *) {
    static thread_local int last = 2;
    int mapped = last;
    switch (level) {
        case GGML_LOG_LEVEL_DEBUG: mapped = 1; break;
        case GGML_LOG_LEVEL_INFO:  mapped = 2; break;
        case GGML_LOG_LEVEL_WARN:  mapped = 3; break;
        case GGML_LOG_LEVEL_ERROR: mapped = 4; break;
        case GGML_LOG_LEVEL_CONT:  break;
        default:                   mapped = 2; break;
    }
    last = mapped;
    log_line(mapped, text);
}

void on_sd_log(sd_log_level_t level, const char * text, void *) {
    switch (level) {
        case SD_LOG_DEBUG: log_line(1, text); break;
        case SD_LOG_INFO:  log_line(2, text); break;
        case SD_LOG_WARN:  log_line(3, text); break;
        default:           log_line(4, text); break;
    }
}

// Whether this thread computes a graph together with others.
bool among_others() {
#if defined(GUARD_OPENMP)
    return omp_get_level() > 0; // omp_in_parallel() is false in a team of one
#else
    return false;
#endif
}

void on_abort(const char * message) {
    // Not out of a graph that several threads compute: the others would wait at its end for ever, still reading the weights
    // that are about to be freed, and this thread would never compute with others again. Better a process that is started anew.
    if (record().depth > 0 && !among_others()) {
        throw aborted(message);
    }
    log_line(4, message);
    log_line(4, "\n");
    std::fprintf(stderr, "%s\n", message);
    // returning lets ggml end the process: there is nobody to catch it
}

// Loads the plugins that fit this machine. What keeps the CUDA plugin from loading, or from finding a device, becomes the
// words of ag_init and no line of the log: whoever called says it in a sentence.
void load_backends(const char * folder) {
    log_queue & q = logs();
    const auto quiet = [&](int level) {
        std::lock_guard<std::mutex> lock(q.mutex);
        std::swap(q.level, level);
        return level;
    };
    const int level = quiet(5);
    ggml_backend_load_all_from_path(folder);
    quiet(level);
#if defined(__linux__)
    const std::string plugin = std::string(folder) + "/libggml-cuda.so";
    if (ggml_backend_reg_by_name("CUDA") == nullptr && access(plugin.c_str(), F_OK) == 0) {
        // ggml keeps the loader's words to itself.
        if (void * handle = dlopen(plugin.c_str(), RTLD_NOW | RTLD_LOCAL)) {
            dlclose(handle);
        } else {
            const char * error = dlerror();
            record().words.append(error ? error : "").push_back('\n');
        }
    }
#endif
}

} // namespace

call_record & record() noexcept {
    static thread_local call_record r;
    return r;
}

void log_line(int level, const char * text) noexcept {
    if (!text) {
        return;
    }
    try {
        std::string & pending = partial();
        for (const char * at = text; *at;) {
            const char * end = std::strchr(at, '\n');
            if (!end) {
                pending.append(at);
                break;
            }
            pending.append(at, static_cast<size_t>(end - at));
            keep(level, pending);
            pending.clear();
            at = end + 1;
        }
    } catch (...) {
        // no memory for a log line: the line is lost, the call is not
    }
}

void note_failure(int kind, const char * what) noexcept {
    call_record & r = record();
    r.failure = kind;
    try {
        r.words.insert(0, std::string(what ? what : "") + "\n");
    } catch (...) {
        r.words.clear();
    }
}

void take_logs() noexcept {
    llama_log_set(on_ggml_log, nullptr);
    whisper_log_set(on_ggml_log, nullptr);
    sd_set_log_callback(on_sd_log, nullptr);
    // ggml has one slot that all three write to: ours goes in last
    ggml_log_set(on_ggml_log, nullptr);
}

namespace {

#if defined(__linux__)

// Code and the JVM's archive of classes are mapped in wide pieces around each page that was needed. A page that nobody
// wrote to is the file's: it can be let go of at any time and comes back from the system's file cache at a touch.
void drop_unwritten(int pagemap, uintptr_t begin, uintptr_t end) {
    constexpr uint64_t present = 1ull << 63, of_file = 1ull << 61;
    const uintptr_t page = static_cast<uintptr_t>(sysconf(_SC_PAGESIZE));
    std::array<uint64_t, 512> entries;
    uintptr_t run = 0, at = (begin + page - 1) / page * page;
    end = end / page * page;
    while (at < end) {
        const size_t wanted = std::min<size_t>(entries.size(), (end - at) / page);
        const ssize_t got = pread(pagemap, entries.data(), wanted * sizeof(uint64_t),
                static_cast<off_t>(at / page * sizeof(uint64_t)));
        const size_t count = got > 0 ? static_cast<size_t>(got) / sizeof(uint64_t) : 0;
        for (size_t i = 0; i < count; i++, at += page) {
            const bool droppable = (entries[i] & present) != 0 && (entries[i] & of_file) != 0;
            if (droppable && run == 0) {
                run = at;
            } else if (!droppable && run != 0) {
                madvise(reinterpret_cast<void *>(run), at - run, MADV_DONTNEED);
                run = 0;
            }
        }
        if (count < wanted) {
            break;
        }
    }
    if (run != 0) {
        madvise(reinterpret_cast<void *>(run), at - run, MADV_DONTNEED);
    }
}

void drop_code(const dl_phdr_info & library, int pagemap) {
    if (library.dlpi_name == nullptr || library.dlpi_name[0] != '/') {
        return; // the kernel's own, and the program's main file, which is small
    }
    for (int i = 0; i < library.dlpi_phnum; i++) {
        const auto & segment = library.dlpi_phdr[i];
        if (segment.p_type == PT_LOAD && (segment.p_flags & PF_W) == 0) {
            const uintptr_t begin = library.dlpi_addr + segment.p_vaddr;
            drop_unwritten(pagemap, begin, begin + segment.p_filesz);
        }
    }
}

struct mapping {
    unsigned long begin, end, inode;
    char rights[5];
    const char * name; // of the file; empty where there is none
};

template <typename F> void each_mapping(F && body) {
    std::FILE * const maps = std::fopen("/proc/self/maps", "re");
    if (maps == nullptr) {
        return;
    }
    char line[4096];
    while (std::fgets(line, sizeof line, maps) != nullptr) {
        mapping m = {};
        line[std::strcspn(line, "\n")] = 0;
        if (std::sscanf(line, "%lx-%lx %4s %*s %*s %lu", &m.begin, &m.end, m.rights, &m.inode) == 4) {
            const char * const name = std::strchr(line, '/');
            m.name = name == nullptr ? "" : name;
            body(m);
        }
    }
    std::fclose(maps);
}

// Files that the JVM mapped for itself to read. Libraries are left out: one may be on its way in.
void drop_read_only_files(int pagemap) {
    each_mapping([&](const mapping & m) {
        if (m.inode != 0 && std::strcmp(m.rights, "r--p") == 0 && std::strstr(m.name, ".so") == nullptr) {
            drop_unwritten(pagemap, m.begin, m.end);
        }
    });
}

#endif

} // namespace

void drop_mapped(const char * path) noexcept {
#if defined(__linux__)
    constexpr int small_pages = 15; // MADV_NOHUGEPAGE, younger than many a C library
    struct stat file = {};
    if (stat(path, &file) != 0) {
        return;
    }
    each_mapping([&](const mapping & m) {
        struct stat mapped = {};
        if (m.inode == file.st_ino && m.rights[1] == '-' && stat(m.name, &mapped) == 0 && mapped.st_dev == file.st_dev && mapped.st_ino == file.st_ino) {
            madvise(reinterpret_cast<void *>(m.begin), m.end - m.begin, small_pages);
            madvise(reinterpret_cast<void *>(m.begin), m.end - m.begin, MADV_DONTNEED);
        }
    });
#else
    (void) path;
#endif
}

} // namespace guard

using namespace guard;

extern "C" {

const char * ag_init(const char * backend_folder) {
    static std::string problem;
    const int32_t rc = run([&] {
        ggml_set_abort_callback(on_abort);
        take_logs();
        if (ggml_backend_reg_by_name("CPU") == nullptr) {
            load_backends(backend_folder);
        }
        llama_backend_init();
        take_logs();
    });
    if (rc != 0) {
        problem = "the engines' backends cannot be loaded: " + record().words;
        return problem.c_str();
    }
    if (ggml_backend_reg_by_name("CPU") == nullptr) {
        problem = std::string("no CPU backend in ") + backend_folder + " fits this processor";
        return problem.c_str();
    }
    return nullptr;
}

int32_t ag_failure(void) { return record().failure; }
const char * ag_words(void) { return record().words.c_str(); }

size_t ag_log_take(char * buffer, size_t capacity, int32_t wait_ms) {
    log_queue & q = logs();
    std::unique_lock<std::mutex> lock(q.mutex);
    if (q.lines.empty() && wait_ms > 0) {
        q.filled.wait_for(lock, std::chrono::milliseconds(wait_ms), [&] { return !q.lines.empty(); });
    }
    size_t used = 0;
    auto put = [&](const std::string & line) {
        const size_t room = capacity - used;
        if (room < 2) {
            return false;
        }
        const size_t bytes = std::min(line.size(), room - 1);
        if (bytes < line.size() && used > 0) {
            return false; // the whole line goes into the next buffer
        }
        std::memcpy(buffer + used, line.data(), bytes);
        used += bytes;
        buffer[used++] = '\n';
        return true;
    };
    while (!q.lines.empty() && put(q.lines.front())) {
        q.lines.pop_front();
    }
    if (q.dropped > 0 && q.lines.empty() && put("3" + std::to_string(q.dropped) + " log lines were dropped")) {
        q.dropped = 0;
    }
    return used;
}

void ag_log_level(int32_t level) {
    log_queue & q = logs();
    std::lock_guard<std::mutex> lock(q.mutex);
    q.level = level;
}

const char * ag_versions(void) {
    static const std::string text = std::string("ggml ") + ggml_version() + "\nllama " + llama_version() + "\nwhisper " +
                                    whisper_version() + "\nstable-diffusion " + sd_version() + "\n";
    return text.c_str();
}

int32_t ag_device_count(void) { return static_cast<int32_t>(ggml_backend_dev_count()); }

void * ag_device(int32_t index) {
    return index >= 0 && index < ag_device_count() ? ggml_backend_dev_get(static_cast<size_t>(index)) : nullptr;
}

const char * ag_device_name(int32_t index) {
    auto * device = static_cast<ggml_backend_dev_t>(ag_device(index));
    return device ? ggml_backend_dev_name(device) : nullptr;
}

const char * ag_device_description(int32_t index) {
    auto * device = static_cast<ggml_backend_dev_t>(ag_device(index));
    return device ? ggml_backend_dev_description(device) : nullptr;
}

int32_t ag_device_type(int32_t index) {
    auto * device = static_cast<ggml_backend_dev_t>(ag_device(index));
    if (!device) {
        return 3;
    }
    switch (ggml_backend_dev_type(device)) {
        case GGML_BACKEND_DEVICE_TYPE_CPU:  return 0;
        case GGML_BACKEND_DEVICE_TYPE_GPU:  return 1;
        case GGML_BACKEND_DEVICE_TYPE_IGPU: return 2;
        default:                            return 3;
    }
}

bool ag_device_memory(int32_t index, size_t * free_bytes, size_t * total_bytes) {
    auto * device = static_cast<ggml_backend_dev_t>(ag_device(index));
    if (!device) {
        return false;
    }
    return call<bool>(false, [&] {
        ggml_backend_dev_memory(device, free_bytes, total_bytes);
        return true;
    });
}

void ag_trim_memory(void) {
#if defined(__GLIBC__)
    malloc_trim(0);
#endif
    drop_unread_files();
#if defined(__linux__)
    const int pages = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
    if (pages < 0) {
        return;
    }
    // Holds the lock that a library is entered under, so every one seen here is whole.
    dl_iterate_phdr([](dl_phdr_info * library, size_t, void * file) {
        drop_code(*library, *static_cast<const int *>(file));
        return 0;
    }, const_cast<int *>(&pages));
    drop_read_only_files(pages);
    close(pages);
#endif
}

void ag_give_way(int32_t nice) {
#if defined(__linux__)
    setpriority(PRIO_PROCESS, 0, nice); // of the calling thread alone, on Linux; refused at worst
#else
    (void) nice;
#endif
}

} // extern "C"
