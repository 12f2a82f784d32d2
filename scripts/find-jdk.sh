#!/usr/bin/env bash
# Says in which folder a JDK or Java runtime from version 22 on is: that of JAVA_HOME, else the newest of that on PATH and
# those in the usual places. Nothing and status 1 where there is none.
set -euo pipefail
best='' best_version=0 homes=${HOME:-/nonexistent}
for candidate in "${JAVA_HOME:-}" "$(dirname "$(dirname "$(readlink -f "$(command -v java || true)" || true)")")" \
        /usr/lib/jvm/* /opt/java/* /opt/jdk* "$homes"/.jdks/* "$homes"/.sdkman/candidates/java/*; do
    [ -x "$candidate/bin/java" ] || continue
    # Read from its release file: starting it takes longer.
    version=$(sed -n 's/^JAVA_VERSION="\([0-9]*\).*/\1/p' "$candidate/release" 2>/dev/null || true)
    [ "${version:-0}" -ge 22 ] || continue
    if [ "$candidate" = "${JAVA_HOME:-}" ]; then best=$candidate; break; fi
    if [ "$version" -gt "$best_version" ]; then best=$candidate best_version=$version; fi
done
[ -n "$best" ] && echo "$best"
