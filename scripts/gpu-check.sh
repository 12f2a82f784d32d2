#!/usr/bin/env bash
# The check on a machine with a GPU: builds the CUDA plugin there, holds the engines' answers on the GPU against those on
# the processor, and measures models of real shapes beside bare loops in C. For a machine without internet and Java it
# makes a bundle of everything. Each part takes at most ten minutes and can be run alone; what is done is kept.
set -euo pipefail
home=$(cd "$(dirname "$(readlink -f "$0")")/.." && pwd)

usage() {
    cat <<'TEXT'
usage: scripts/gpu-check.sh bundle FILE.tar.xz [--dist DIR]    makes the bundle (at most 60 MB) from this checkout
       scripts/gpu-check.sh run [options]                      in a checkout, or where a bundle was unpacked
  --device D        cuda:0 (default), auto, cpu
  --tiny            models of a few megabytes: shows that the check itself runs
  --only PART,...   build models agree language quantised speech picture worker report (default: all)
  --work DIR        models, 30 GB unless --tiny (default /tmp/gpu-check)
  --out DIR         rows of each part, gpu-check.json, gpu-check.md, logs (default: WORK/out)
  --arch LIST, --cuda-toolkit P    as scripts/build-native.sh takes them
  --part-seconds N  longest time of a part (default 590)
environment: AISERVER_NATIVE_DIST (the native libraries), JAVA_HOME
Exit status: 0 every part went well; 1 some did not, see the log of the part.
TEXT
}
say() { echo "gpu-check: $*" >&2; }
die() { echo "gpu-check: $*" >&2; exit 1; }

platform=$(uname -s | tr '[:upper:]' '[:lower:]')-$(uname -m)
find_java() { # the bundle's own, or another
    if [ -x "$home/runtime/bin/java" ]; then echo "$home/runtime"; else "$home/scripts/find-jdk.sh" || die "no Java 22 or newer: set JAVA_HOME to one, or use a bundle"; fi
}

# ---- the bundle

bundle() {
    local file=${1:?"bundle needs the name of a file"} dist=${2:-} jdk sources bytes jar
    cd "$home"
    if [ "${AISERVER_NO_BUILD:-}" != 1 ]; then
        say "building the program with Maven"
        mvn -B -ntp -q -DskipTests package
        scripts/build-native.sh --sources-only
        if [ -z "$dist" ]; then
            # Every variant of the CPU backend: the other machine has another processor.
            dist=native/.work/bundle-dist
            AISERVER_NATIVE_DIST=$dist scripts/build-native.sh --cpu --portable
        fi
    fi
    dist=${dist:-native/dist}
    [ -f "$dist/$platform/BUILD-INFO" ] || die "no native libraries in $dist/$platform"
    [ -d target/test-classes/aiserver/check ] || die "target/test-classes has no check; run mvn -DskipTests package"
    jdk=$(find_java)
    [ -x "$jdk/bin/jlink" ] || die "$jdk has no jlink"
    staging=$(mktemp -d)
    trap 'rm -rf "$staging"' EXIT
    local root=$staging/ai-server
    mkdir -p "$root/target/lib" "$root/target/test-classes/aiserver" "$root/native/.work/sources" "$root/bench" "$root/native/dist"
    say "making a Java runtime"
    "$jdk/bin/jlink" --add-modules java.base,java.logging,java.naming,java.desktop,java.management,java.xml,java.sql,jdk.httpserver,jdk.net,jdk.unsupported,jdk.management,jdk.crypto.ec \
        --strip-debug --no-man-pages --no-header-files --output "$root/runtime"
    cp target/ai-server-*.jar "$root/target/"
    cp target/lib/*.jar "$root/target/lib/"
    # Sound comes as WAV here; and of the redis-servers one is enough.
    rm -f "$root"/target/lib/ffmpeg-*.jar
    # Jars are packed anew without compression: all together xz does better.
    for jar in "$root"/target/lib/*.jar "$root"/target/ai-server-*.jar; do
        rm -rf "$staging/jar"
        mkdir "$staging/jar"
        (cd "$staging/jar" && "$jdk/bin/jar" -x -f "$jar" && find . -name 'redis-server-*' ! -name '*linux-amd64' -delete \
            && "$jdk/bin/jar" -c -M -0 -f "$jar" .)
    done
    cp -r target/test-classes/aiserver/check target/test-classes/aiserver/models "$root/target/test-classes/aiserver/"
    cp -r scripts "$root/"
    cp -r native/CMakeLists.txt native/engines.pins native/*.sed native/guard native/layout-probe "$root/native/"
    cp -r "$dist/$platform" "$root/native/dist/"
    cp -r bench/c "$root/bench/"
    sources=native/.work/sources
    cp "$sources/PINNED" "$root/$sources/"
    mkdir -p "$root/$sources"/{llama,whisper,stable-diffusion}
    # Of the engines only what the CUDA plugin is made of, and the headers for the loops in C.
    cp -r "$sources"/llama/{CMakeLists.txt,cmake,ggml,include,src,vendor} "$root/$sources/llama/"
    rm -rf "$root/$sources"/llama/ggml/src/ggml-{vulkan,sycl,opencl,metal,cann,hexagon,webgpu,openvino,musa,zdnn,virtgpu}
    cp -r "$sources/whisper/include" "$root/$sources/whisper/"
    cp -r "$sources/stable-diffusion/include" "$root/$sources/stable-diffusion/"
    say "packing"
    tar -C "$staging" -c ai-server | xz -T0 -6 > "$file"
    bytes=$(wc -c < "$file")
    say "$file: $((bytes >> 20)) MB; unpack it there and run ai-server/scripts/gpu-check.sh run"
    [ "$bytes" -le $((60 << 20)) ] || die "the bundle is larger than 60 MB"
}

# ---- the run

run_check() {
    local device=cuda:0 tiny= only= work=/tmp/gpu-check out= seconds=590 arch=() part failed=()
    while [ $# -gt 0 ]; do
        case $1 in
            --device) device=${2:?"--device needs a name"}; shift ;;
            --tiny) tiny=--tiny ;;
            --only) only=${2:?"--only needs parts"}; shift ;;
            --work) work=${2:?"--work needs a folder"}; shift ;;
            --out) out=${2:?"--out needs a folder"}; shift ;;
            --arch|--cuda-toolkit) arch+=("$1" "${2:?"$1 needs a value"}"); shift ;;
            --part-seconds) seconds=${2:?"--part-seconds needs a number"}; shift ;;
            *) usage >&2; die "unknown option $1" ;;
        esac
        shift
    done
    work=$(realpath -m "$work")
    out=$(realpath -m "${out:-$work/out}")
    only=${only:-build,models,agree,language,quantised,speech,picture,worker,report}
    mkdir -p "$work" "$out"
    local java jar classes dist limit=$work/limit
    java=$(find_java)/bin/java
    jar=$(find "$home/target" -maxdepth 1 -name 'ai-server-*.jar' 2>/dev/null | head -1)
    classes=${jar:-$home/target/classes:$home/bindings/resources}:$home/target/test-classes:$home/target/lib/*
    [ -d "$home/target/test-classes/aiserver/check" ] || die "$home/target/test-classes has no check; run mvn -DskipTests package"
    dist=$(realpath -m "${AISERVER_NATIVE_DIST:-$home/native/dist}")
    [ -f "$dist/$platform/libllama.so" ] || die "no native libraries in $dist/$platform; run scripts/build-native.sh"
    export AISERVER_NATIVE_DIST=$dist AISERVER_LOG=${AISERVER_LOG:-WARN} MALLOC_ARENA_MAX=2 MALLOC_MMAP_THRESHOLD_=1048576
    if command -v nvidia-smi >/dev/null; then nvidia-smi > "$out/nvidia-smi.txt" 2>&1 || true; fi

    for part in ${only//,/ }; do
        local began=$SECONDS status=0
        say "$part"
        case $part in
            build) build_there "$device" "$dist" "$limit" ${arch[@]+"${arch[@]}"} > "$out/build.log" 2>&1 || status=$? ;;
            models|agree|language|quantised|speech|picture|worker|report)
                # The models' writers hold a tensor at a time, the largest of a gigabyte.
                timeout "$seconds" "$java" -XX:+UseSerialGC -Xmx6g --enable-native-access=ALL-UNNAMED -Dfile.encoding=UTF-8 -Dstdout.encoding=UTF-8 \
                    -cp "$classes" aiserver.check.GpuCheck "$part" --device="$device" --work="$work" --out="$out" \
                    $([ -x "$limit" ] && echo "--limit=$limit") $tiny > "$out/$part.log" 2>&1 || status=$? ;;
            *) die "there is no part '$part'" ;;
        esac
        if [ "$status" -eq 0 ]; then
            say "$part: done in $((SECONDS - began)) s"
        else
            failed+=("$part")
            tail -n 5 "$out/$part.log" >&2
            say "$part failed ($([ "$status" -eq 124 ] && echo "not done in $seconds s" || echo "status $status")); everything is in $out/$part.log"
        fi
    done
    [ ! -f "$out/gpu-check.md" ] || cat "$out/gpu-check.md"
    [ ${#failed[@]} -eq 0 ] || die "failed: ${failed[*]}"
}

build_there() { # device, distribution, where the C loops go, options of build-native
    local device=$1 dist=$2 limit=$3 sources=$home/native/.work/sources
    shift 3
    if [ "$device" != cpu ] && [ ! -f "$dist/$platform/libggml-cuda.so" ]; then
        AISERVER_NATIVE_DIST=$dist "$home/scripts/build-native.sh" --cuda-plugin "$@" || return 1
    fi
    [ -f "$sources/llama/include/llama.h" ] || { say "no engine sources in $sources; run scripts/build-native.sh --sources-only"; return 1; }
    "${CC:-cc}" -O2 -std=c11 -D_GNU_SOURCE -DGGML_MAX_NAME=128 -I"$sources/llama/include" -I"$sources/llama/ggml/include" \
        -I"$sources/whisper/include" -I"$sources/stable-diffusion/include" -o "$limit" "$home/bench/c/limit.c" \
        -L"$dist/$platform" -Wl,-rpath,"$dist/$platform" -lllama -lwhisper -lstable-diffusion -lggml -lggml-base -lm
}

case ${1:-} in
    bundle)
        shift
        file=${1:-} dist=
        [ $# -eq 0 ] || shift
        if [ "${1:-}" = --dist ]; then dist=$(realpath -m "${2:?"--dist needs a folder"}"); fi
        [ -n "$file" ] || die "bundle needs the name of a file"
        bundle "$(realpath -m "$file")" "$dist" ;;
    run) shift; run_check "$@" ;;
    -h|--help) usage ;;
    *) usage >&2; die "say bundle or run" ;;
esac
