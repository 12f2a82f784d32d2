#!/usr/bin/env bash
# Builds llama.cpp's own server from the source package of llama-cpp-python, into WORK/llama-server-VERSION/, where
# VERSION is what llama-server.version says. Nothing to do where that one is there. Needs Python with pip, CMake and a C++ compiler; 10 to 20 minutes on two processors.
# usage: build-llama-server.sh WORK PYTHON
set -euo pipefail
version=$(cat "$(dirname "$0")/llama-server.version")
work=$(realpath -m "${1:?WORK folder}")/llama-server-$version
python=$(command -v "${2:?PYTHON}") || { echo "build-llama-server: $2 is no program" >&2; exit 1; }
python=$(cd "$(dirname "$python")" && pwd)/$(basename "$python") # not through links: a virtual environment's python is one
[ -x "$work/bin/llama-server" ] && exit 0

mkdir -p "$work"
cd "$work"
if [ ! -d source ]; then
    ls llama_cpp_python-$version.tar.gz >/dev/null 2>&1 \
        || "$python" -m pip download --quiet --no-deps --no-binary :all: "llama-cpp-python==$version"
    rm -rf unpacked && mkdir unpacked
    tar -xzf llama_cpp_python-$version.tar.gz -C unpacked --strip-components=3 "llama_cpp_python-$version/vendor/llama.cpp"
    [ -f unpacked/CMakeLists.txt ] || { echo "build-llama-server: the package does not hold llama.cpp" >&2; exit 1; }
    mv unpacked source
fi
# The same kind of build as native/: this processor's instructions, no GPU, no network, no web page.
cmake -S source -B build -DCMAKE_BUILD_TYPE=Release -DGGML_NATIVE=ON -DLLAMA_CURL=OFF -DLLAMA_BUILD_SERVER=ON -DLLAMA_BUILD_TOOLS=ON \
    -DLLAMA_BUILD_TESTS=OFF -DLLAMA_BUILD_EXAMPLES=OFF -DLLAMA_BUILD_UI=OFF -DLLAMA_BUILD_WEBUI=OFF -DLLAMA_OPENSSL=OFF -DBUILD_SHARED_LIBS=OFF > configure.log 2>&1 \
    || { tail -n 20 configure.log >&2; exit 1; }
cmake --build build --target llama-server -j "$(nproc)" > build.log 2>&1 || { tail -n 30 build.log >&2; exit 1; }
mkdir -p bin
cp build/bin/llama-server bin/llama-server.part
mv bin/llama-server.part bin/llama-server
