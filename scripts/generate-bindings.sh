#!/usr/bin/env bash
# Makes bindings/java anew from the pinned headers, by jextract (on PATH, or the command in JEXTRACT), filtered by the
# allow-lists in bindings/includes. Run it after a change of engines.pins, guard.h or an allow-list, and commit what it
# writes; never edit that by hand. A test fails when it was forgotten.
set -euo pipefail
cd "$(dirname "$0")/.."

die() { echo "generate-bindings: $*" >&2; exit 1; }

jextract=${JEXTRACT:-jextract}
command -v "$jextract" >/dev/null || die "no jextract command; install it (jdk.java.net/jextract) or set JEXTRACT to its path"
jdk=$(scripts/find-jdk.sh) || die "no JDK 22 or newer was found; set JAVA_HOME to one"

scripts/build-native.sh --sources-only
. native/.work/sources.env

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

generate() { # package, allow-list, header, include folders...
    local package=$1 list=$2 header=$3 folder
    shift 3
    local options=(-D GGML_MAX_NAME=128)
    for folder in "$@"; do options+=(-I "$folder"); done
    echo "generate-bindings: $package"
    "$jextract" "${options[@]}" --output "$work/java" --target-package "bindings.$package" \
        "@bindings/includes/$list.txt" "$header" 2>"$work/log" || { cat "$work/log" >&2; die "jextract failed on $header"; }
}

ggml=$LLAMA_SOURCE/ggml/include
generate llama llama "$LLAMA_SOURCE/include/llama.h" "$ggml" "$LLAMA_SOURCE/include"
generate whisper whisper "$WHISPER_SOURCE/include/whisper.h" "$ggml" "$WHISPER_SOURCE/include"
generate stablediffusion stable-diffusion "$SD_SOURCE/include/stable-diffusion.h" "$SD_SOURCE/include"
generate guard guard native/guard/guard.h native/guard

mkdir "$work/classes"
find "$work/java" -name '*.java' > "$work/files"
"$jdk/bin/javac" -nowarn -d "$work/classes" "@$work/files"
"$jdk/bin/java" --enable-native-access=ALL-UNNAMED -cp "$work/classes" scripts/LayoutTable.java "$work/classes" "$work/layouts.txt" "$work/layout_probe.cpp"

{
    echo "# What bindings/java was made from. Written by scripts/generate-bindings.sh."
    echo "jextract $("$jextract" --version 2>&1 | head -1 | sed 's/^jextract //')"
    sha256sum native/engines.pins native/guard/guard.h bindings/includes/*.txt | awk '{print "file " $2 " " $1}'
    for header in "$ggml/ggml.h" "$ggml/ggml-backend.h" "$LLAMA_SOURCE/include/llama.h" \
            "$WHISPER_SOURCE/include/whisper.h" "$SD_SOURCE/include/stable-diffusion.h"; do
        echo "header $(basename "$header") $(sha256sum < "$header" | cut -d' ' -f1)"
    done
} > "$work/GENERATED"

rm -rf bindings/java
mv "$work/java" bindings/java
mkdir -p bindings/resources/bindings
cp "$work/layouts.txt" bindings/resources/bindings/layouts.txt
cp "$work/GENERATED" bindings/GENERATED
cp "$work/layout_probe.cpp" native/layout-probe/layout_probe.cpp
echo "generate-bindings: $(find bindings/java -name '*.java' | wc -l) files, $(cat $(find bindings/java -name '*.java') | wc -l) lines"
