#!/usr/bin/env bash
# Brings model weights into models-gguf, as its manifest names them. Can be stopped at any point and run again: what is
# there stays, what is half there goes on. A file has its final name only when its size and SHA-256 are right.
set -euo pipefail
from=$PWD
cd "$(dirname "$0")/.."

usage() {
    cat <<'TEXT'
usage: scripts/fetch-models.sh [options] PROFILE|NAME...
  PROFILE      edge (8 GB), workstation (24 GB) or quality; PROFILE.properties, for ai-server run --profile, is
               written beside its weights unless there is one
  NAME         an entry of models-gguf/manifest.json
  --list       say what there is and what is here
  --verify     hold what is here against its SHA-256; fetch nothing
  --quiet      no progress bars
environment: HF_TOKEN       token for weights whose licence has to be accepted first
             MODELS_DIR     where the weights go (default models-gguf)
             MODELS_SOURCE  another address than the manifest's, such as a mirror
TEXT
}

say() { echo "fetch-models: $*"; }
die() { echo "fetch-models: $*" >&2; exit 1; }

manifest=models-gguf/manifest.json
case ${MODELS_DIR:-} in ''|/*) folder=${MODELS_DIR:-models-gguf} ;; *) folder=$from/$MODELS_DIR ;; esac # from where the script was called
lock=$folder/models.lock
attempts=5
mode=fetch quiet=no
wanted=()
while [ $# -gt 0 ]; do
    case $1 in
        --list) mode=list ;;
        --verify) mode=verify ;;
        --quiet) quiet=yes ;;
        -h|--help) usage; exit 0 ;;
        -*) usage >&2; die "unknown option $1" ;;
        *) wanted+=("$1") ;;
    esac
    shift
done

for tool in curl sha256sum sed awk df; do
    command -v "$tool" >/dev/null || die "$tool is missing: install it and run this again"
done
[ -f "$manifest" ] || die "$PWD/$manifest is missing"

# ---- the manifest: one file a line, so that no JSON tool is needed

source_address=${MODELS_SOURCE:-$(sed -n 's/^ *"source": "\([^"]*\)".*/\1/p' "$manifest")}
entries=$(grep '^ *{"name": ' "$manifest")
value() { sed -n "s/.*\"$2\": \"\{0,1\}\([^\",}]*\)\"\{0,1\}[,}].*/\1/p" <<< "$1"; }
in_profile() { sed -n 's/.*"profiles": \[\([^]]*\)\].*/\1/p' <<< "$1" | grep -q "\"$2\""; }
megabytes() { awk -v bytes="$1" 'BEGIN { printf bytes < 1e9 ? "%.1f MB" : "%.2f GB", bytes < 1e9 ? bytes / 1e6 : bytes / 1e9 }'; }

# ---- the lock file: sha256, bytes, revision, file

locked() { [ -f "$lock" ] && awk -v file="$1" '$4 == file { print; exit }' "$lock" || true; }
pin() { # appears whole or not at all
    { [ ! -f "$lock" ] || awk -v file="$4" '$4 != file' "$lock"; echo "$1 $2 $3 $4"; } > "$lock.$$" && mv "$lock.$$" "$lock" \
        || die "cannot write $lock; make room on the disk or the folder writable"
}

sum_of() { sha256sum < "$1" | cut -d' ' -f1; }
size_of() { if [ -f "$1" ]; then wc -c < "$1" | tr -d ' '; else echo 0; fi; }

if [ "$mode" = list ]; then
    while IFS= read -r entry; do
        file=$(value "$entry" file)
        if [ -f "$folder/$file" ]; then state=here; elif [ -f "$folder/$file.part" ]; then state=half; else state=-; fi
        printf '%-31s %-16s %10s  %-5s %-32s %s\n' "$(value "$entry" name)" "$(value "$entry" role)" \
            "~$(megabytes "$(value "$entry" approximate_bytes)")" "$state" "$(value "$entry" license)" \
            "$(sed -n 's/.*"profiles": \[\([^]]*\)\].*/\1/p' <<< "$entry" | tr -d '",')"
    done <<< "$entries"
    exit 0
fi

if [ "$mode" = verify ]; then
    [ -f "$lock" ] || die "$lock is missing: nothing was fetched yet"
    wrong=0
    while read -r sum bytes _ file; do
        [ -f "$folder/$file" ] || continue
        if [ "$(size_of "$folder/$file")" = "$bytes" ] && [ "$(sum_of "$folder/$file")" = "$sum" ]; then
            say "$file is right"
        else
            say "$file is DAMAGED: delete it and fetch it again"
            wrong=1
        fi
    done < "$lock"
    exit "$wrong"
fi

[ ${#wanted[@]} -gt 0 ] || { usage >&2; die "say which profile or model"; }
chosen=()
for name in "${wanted[@]}"; do
    before=${#chosen[@]}
    while IFS= read -r entry; do
        if [ "$(value "$entry" name)" = "$name" ] || in_profile "$entry" "$name"; then chosen+=("$entry"); fi
    done <<< "$entries"
    [ ${#chosen[@]} -gt "$before" ] || die "'$name' is neither a profile nor a model; scripts/fetch-models.sh --list shows all"
done

mkdir -p "$folder" || die "cannot make $folder"
exec 9> "$folder/.fetch.lock" || die "cannot write to $folder"
if command -v flock >/dev/null && ! flock -n 9; then
    die "another fetch into $folder is under way"
fi

# ---- talking to the source

# The token goes in by standard input, so that no process list shows it; curl keeps it from other hosts on a redirect.
with_token() {
    if [ -n "${HF_TOKEN:-}" ]; then
        printf 'header = "Authorization: Bearer %s"\n' "$HF_TOKEN" | curl --config - "$@"
    else
        curl "$@" < /dev/null
    fi
}

refused() { # HTTP status, entry
    local page file token
    page=$source_address/$(value "$2" repository)
    file=$(value "$2" file)
    token="HF_TOKEN is not set"
    [ -z "${HF_TOKEN:-}" ] || token="the token in HF_TOKEN was sent"
    case $1 in
        401|403) die "$file: the source refuses it (HTTP $1; $token). Accept the licence ($(value "$2" license)) at $page, make a read token there, put it into HF_TOKEN and run this again" ;;
        404) die "$file: not found at $page (HTTP 404): the source has moved it; say so to the project, or set MODELS_SOURCE to a mirror" ;;
        429) die "$file: the source asks to wait (HTTP 429): run this again later" ;;
        000) die "$file: $source_address cannot be reached; look at the network or proxy (https_proxy) and run this again" ;;
        *) die "$file: the source answers HTTP $1; run this again later" ;;
    esac
}

look_up() { # entry: pins what the source says about a file
    local entry=$1 file url headers status bytes sum revision
    file=$(value "$entry" file)
    url=$source_address/$(value "$entry" repository)/resolve/main/$(value "$entry" path)
    # The first answer, before the redirect to where the bytes are, carries the metadata.
    headers=$(with_token --silent --head --max-time 60 --write-out '\nstatus: %{http_code}\n' "$url" | tr -d '\r') || true
    status=$(sed -n 's/^status: //p' <<< "$headers")
    case ${status:-000} in 200|302|307) ;; *) refused "${status:-000}" "$entry" ;; esac
    header() { awk -F': *' -v name="$1" 'tolower($1) == name { gsub(/["W\/]/, "", $2); print $2; exit }' <<< "$headers"; }
    bytes=$(header x-linked-size)
    sum=$(header x-linked-etag)
    revision=$(header x-repo-commit)
    [[ $sum =~ ^[0-9a-f]{64}$ && $bytes =~ ^[1-9][0-9]*$ && $revision =~ ^[0-9a-f]{40}$ ]] \
        || die "$file: the source gives no SHA-256, size and revision for it (X-Linked-Etag '$sum', X-Linked-Size '$bytes', X-Repo-Commit '$revision')"
    # What is here already must fit before it is pinned: afterwards nothing but its size is looked at.
    if [ -f "$folder/$file" ]; then
        say "checking $file"
        [ "$(sum_of "$folder/$file")" = "$sum" ] \
            || die "$folder/$file is not what the source has now (revision $revision); delete it to fetch that, or put its line back into $lock"
    fi
    pin "$sum" "$bytes" "$revision" "$file"
}

room_for() { # bytes, file
    local free
    free=$(df -Pk "$folder" | awk 'NR == 2 { printf "%.0f", $4 * 1024 }')
    awk -v free="$free" -v needed="$1" 'BEGIN { exit !(free < needed + 64e6) }' || return 0
    die "$2 needs $(megabytes "$1") more but $folder has $(megabytes "$free") free: make room and run this again"
}

download() { # entry, bytes, revision
    local entry=$1 bytes=$2 revision=$3 file part url attempt before came furthest=0 status rc bar
    file=$(value "$entry" file)
    part=$folder/$file.part
    url=$source_address/$(value "$entry" repository)/resolve/$revision/$(value "$entry" path)
    bar=--progress-bar
    [ "$quiet" = no ] || bar="--silent --show-error"
    for ((attempt = 1; attempt <= attempts; attempt++)); do
        before=$(size_of "$part")
        if [ "$before" -gt "$bytes" ]; then rm -f "$part"; before=0; fi
        [ "$before" -lt "$bytes" ] || return 0
        room_for $((bytes - before)) "$file"
        [ "$before" = 0 ] || say "$file goes on at $(megabytes "$before")"
        rc=0
        # shellcheck disable=SC2086
        status=$(with_token --location --fail $bar --connect-timeout 30 --speed-limit 1000 --speed-time 60 \
            --continue-at - --output "$part" --write-out '%{http_code}' "$url") || rc=$?
        came=$(size_of "$part")
        [ "$came" -lt "$bytes" ] || return 0
        # A whole answer, or nothing behind what is here (for which curl has two ways): asking again brings no more.
        if [ "$rc" = 0 ] || [ "$status" = 416 ]; then
            die "$file: the source has at most $came bytes of it instead of $bytes; what came is kept: run this again when the source is whole, or set MODELS_SOURCE to another"
        fi
        case $rc in
            22) refused "$status" "$entry" ;;
            23) die "$file: the disk of $folder is full or refuses to be written; what came so far is kept: make room and run this again" ;;
            33) say "the source cannot continue a transfer; beginning $file anew"
                rm -f "$part"
                attempt=$((attempt - 1))
                continue ;;
        esac
        # A cut that got further does not count: a long file on a bad line arrives, too.
        if [ "$came" -gt "$before" ] && [ "$came" -gt "$furthest" ]; then furthest=$came attempt=0; fi
        say "$file was cut at $(megabytes "$came") of $(megabytes "$bytes"); trying again"
        sleep "${MODELS_RETRY_SECONDS:-3}"
    done
    die "$file: the transfer was cut $attempts times without getting further; what came so far is kept: run this again later"
}

# ---- one file after the other

for entry in "${chosen[@]}"; do
    file=$(value "$entry" file)
    line=$(locked "$file")
    if [ -z "$line" ]; then
        look_up "$entry"
        line=$(locked "$file")
    fi
    read -r sum bytes revision _ <<< "$line"
    if [ -f "$folder/$file" ]; then
        [ "$(size_of "$folder/$file")" = "$bytes" ] \
            || die "$folder/$file has $(size_of "$folder/$file") bytes instead of $bytes; delete it, or its line in $lock if it is meant to be another"
        say "$file is here"
        continue
    fi
    say "$file, $(megabytes "$bytes"), $(value "$entry" license)"
    download "$entry" "$bytes" "$revision"
    found=$(size_of "$folder/$file.part")
    if [ "$found" != "$bytes" ]; then
        rm -f "$folder/$file.part"
        die "$file came with $found bytes instead of $bytes; it was thrown away: run this again"
    fi
    say "checking $file"
    found=$(sum_of "$folder/$file.part")
    if [ "$found" != "$sum" ]; then
        rm -f "$folder/$file.part"
        die "$file came with the SHA-256 $found instead of $sum; it was thrown away: run this again, and if it stays wrong do not use this source"
    fi
    # What was just written is cached in small pages. Read anew by whoever maps it, it comes in large ones where the file system
    # has them, and a token takes a seventh less. Nothing is lost where dd cannot let go of it.
    dd "of=$folder/$file.part" oflag=nocache conv=notrunc,fdatasync count=0 status=none 2>/dev/null || true
    mv "$folder/$file.part" "$folder/$file"
done

# ---- the options that name them

option_of() { # role
    case $1 in
        speech) echo stt-model ;;
        voice-activity) echo stt-vad-model ;;
        language) echo llm-model ;;
        diffusion-model) echo image-model ;;
        clip-l|clip-g|t5|vae|taesd) echo "image-$1" ;;
        *) die "the manifest has a role '$1' for which there is no option" ;;
    esac
}

write_profile() {
    local file=$folder/$1.properties entry option
    if [ -e "$file" ]; then
        say "$file is left as it is"
        return
    fi
    {
        echo "# What \"ai-server run --profile\" needs for these weights; paths are relative to this file."
        while IFS= read -r entry; do
            in_profile "$entry" "$1" || continue
            option=$(option_of "$(value "$entry" role)")
            echo "$option=$(value "$entry" file)"
        done <<< "$entries"
    } > "$file.$$" && mv "$file.$$" "$file" || die "cannot write $file"
    say "run it with: ./ai-server run --profile $file"
}

for name in "${wanted[@]}"; do
    if in_profile "$entries" "$name"; then write_profile "$name"; fi
done
say "done: $folder"
