#!/usr/bin/env bash
# Measures the worker against its peers: builds what is missing, measures part by part, and writes
# bench/results/<date>-<machine>.json, docs/benchmarks.md and its plots. README.md says what each row means.
# Exit status: 0 measured; 3 others use the machine, nothing of the disturbed parts is reported; 1 failed.
set -euo pipefail
cd "$(dirname "$0")/.."

usage() {
    cat <<'TEXT'
usage: bench/run.sh [--quick|--full] [options]
  --quick            ten to twenty minutes on two processors (default)
  --full             more rounds, larger jobs, all models
  --only PART,...    these parts alone: parity decode calls form start memory together batch order speech cache picture peers
  --again            parts that are done today in this mode and of this build, too
  --rounds N         at least so many of each figure: three decide a goal, --quick makes one of the long ones
  --foreign X        processors that others may keep busy in a round that counts (0.08); a row keeps what they took
  --trial            on a busy machine, to try it: into bench/.work/trial, never into docs/
  --processors LIST  to pin to, as taskset takes it       --threads N   for each contender
  --patience S       to wait for a quiet machine before each part
  --tokenizer DIR    Qwen's vocab.json and merges.txt (bench/.work/tokenizer)
  --python FILE      Python with training/requirements.txt, for TorchScript exports and Python peers
                     (training/.venv/bin/python)
  --report           only write docs/benchmarks.md anew, of each row the newest result
environment: AISERVER_NATIVE_DIST, AISERVER_NATIVE_SOURCES (unpacked engine sources, for headers)
TEXT
}
say() { echo "bench: $*" >&2; }
die() { echo "bench: $*" >&2; exit 1; }

work=bench/.work measure=() report=() trial=no only_report=no
while [ $# -gt 0 ]; do
    case $1 in
        --quick) ;;
        --full|--again) measure+=("$1") ;;
        --trial) trial=yes; measure+=("$1") ;;
        --only|--rounds|--foreign|--processors|--threads|--patience|--tokenizer|--python) measure+=("$1=${2:?"$1 needs a value"}"); shift ;;
        --report) only_report=yes ;;
        -h|--help) usage; exit 0 ;;
        *) usage >&2; die "unknown option $1" ;;
    esac
    shift
done
mkdir -p "$work"
work=$(realpath "$work")
if [ "$trial" = yes ]; then
    measure+=("--results=$work/trial/results.json")
    report+=("--results=$work/trial/results.json" "--out=$work/trial")
fi

# ---- what is missing

command -v taskset >/dev/null || die "taskset is missing: install util-linux"
newer() { [ -n "$(find "${@:2}" -newer "$1" -type f -print -quit)" ]; } # newer FILE FOLDER...
platform=$(uname -s | tr '[:upper:]' '[:lower:]')-$(uname -m)
dist=$(realpath -m "${AISERVER_NATIVE_DIST:-native/dist}")
sources=$(realpath -m "${AISERVER_NATIVE_SOURCES:-native/.work/sources}")
if [ -z "${AISERVER_NATIVE_DIST:-}" ]; then
    scripts/build-native.sh >&2
fi
libraries=$dist/$platform
[ -f "$libraries/libllama.so" ] || die "no native libraries in $libraries; run scripts/build-native.sh"
jar=target/ai-server-0.1.0-SNAPSHOT.jar
if [ ! -f "$jar" ] || [ ! -f "$work/installed" ] || newer "$work/installed" pom.xml src/main bindings/java; then
    say "building the worker"
    mvn -B -ntp -q install -Dmaven.test.skip=true -Dnative.build.skip=true >&2
    touch "$work/installed"
fi
if [ "$only_report" = no ]; then
    ./ai-server prepare # the start cache, without which a worker begins slower and holds more; one is there already or is made
fi
if [ ! -d bench/target/lib ] || [ ! -f "$work/built" ] || newer "$work/built" bench/pom.xml bench/src/main "$work/installed"; then
    say "building the benchmarks"
    mvn -B -ntp -q -f bench/pom.xml package -Dmaven.test.skip=true >&2
    touch "$work/built"
fi
if [ ! -x "$work/limit" ] || newer "$work/limit" bench/c "$libraries/BUILD-INFO"; then
    [ -d "$sources/llama/include" ] || die "no engine sources in $sources; run scripts/build-native.sh --sources-only"
    "${CC:-cc}" -O2 -std=c11 -Wall -D_GNU_SOURCE -DGGML_MAX_NAME=128 -I"$sources/llama/include" -I"$sources/llama/ggml/include" \
        -I"$sources/whisper/include" -I"$sources/stable-diffusion/include" -o "$work/limit" bench/c/limit.c \
        -L"$libraries" -Wl,-rpath,"$libraries" -lllama -lwhisper -lstable-diffusion -lggml -lggml-base -lm
fi

# ---- the program

jdk=$(scripts/find-jdk.sh) || die "no JDK 22 or newer was found: set JAVA_HOME to one"
unsafe=() # Netty's use of sun.misc.Unsafe is announced from 24 on
[ "$(sed -n 's/^JAVA_VERSION="\([0-9]*\).*/\1/p' "$jdk/release")" -lt 24 ] || unsafe=(--sun-misc-unsafe-memory-access=allow)
# In the background, so that this script hears TERM and INT and hands them on: the program then ends what it has started.
bench() {
    local child status
    "$jdk/bin/java" --enable-native-access=ALL-UNNAMED ${unsafe[@]+"${unsafe[@]}"} -XX:+UseSerialGC -Dfile.encoding=UTF-8 \
        -Daiserver.native.dir="$dist" -cp "bench/target/ai-server-bench-0.1.0-SNAPSHOT.jar:bench/target/lib/*" aiserver.bench.Bench "$@" &
    child=$!
    trap 'stopped=yes; kill -TERM "$child" 2>/dev/null || true' TERM INT
    status=0
    wait "$child" || status=$?
    if [ "$stopped" = yes ]; then
        wait "$child" || true
        exit 143
    fi
    trap - TERM INT
    return "$status"
}
stopped=no
export AISERVER_LOG=${AISERVER_LOG:-WARN} AISERVER_NATIVE_DIST=$dist

status=0
if [ "$only_report" = no ]; then
    bench measure --work="$work" --sources="$sources" "${measure[@]}" || status=$?
fi
bench report --work="$work" "${report[@]}" || exit 1
exit "$status"
