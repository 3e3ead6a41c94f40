# Brings folders back beside those that are there, as they were: owners, modes, links.
# usage: stage-folders SOURCE ID PLACE(-|FOLDER) AS-THEY-ARE(yes|no) SNAPSHOT TARGET…
#   PLACE        -: each beside its target
#   AS-THEY-ARE  no: where something in it gives rights or is no file, folder or link, nothing is brought back
# keeps as its result KEY VALUE lines: seconds until they could be used, files
# exits 20 too little space, 31 without its secret, 45 it cannot be read, 49 it has no such folder, 52 something in it is refused,
#   53 it could not be swapped in
# uses: give-up progress store place target staged result
set -eu
source=$1 id=$2 folder=$3 as_they_are=$4 snapshot=$5
shift 5
store_at "$source" "$id"
staged_begin "$id" "$folder"
store_reading
[ "$folder" != - ] || for target in "$@"; do staged_may_swap "$target"; done

# What it holds: `bytes TARGET NUMBER`, and `refused PATH` for what nobody may bring here. Names end at their first quote, so none
# can look like a field.
look() {
  awk -v as_they_are="$as_they_are" -v targets="$*" '
    function field(name) { return match($0, "\"" name "\":\"([^\"\\\\]|\\\\.)*\"") ? substr($0, RSTART + length(name) + 4, RLENGTH - length(name) - 5) : "" }
    BEGIN { many = split(targets, target, " ") }
    /"struct_type":"snapshot"/ { next }
    {
      path = field("path"); name = field("name"); type = field("type"); permissions = field("permissions")
      size = match($0, /"size":[0-9]+/) ? substr($0, RSTART + 7, RLENGTH - 7) : 0
      for (i = 1; i <= many; i++) if (path == target[i] || index(path, target[i] "/") == 1) { bytes[i] += size; break }
      odd = type !~ /^(dir|file|symlink)$/ || (type == "file" && permissions ~ /[ug]/)
      if (name ~ /\// || name == "." || name == "..") print "refused " path " has a name that leads elsewhere"
      else if (odd && as_they_are != "yes") print "refused " path " is " (type == "file" ? "set-uid or set-gid" : "a " type)
      print path | "LC_ALL=C sort | uniq -d | sed \"s/^/refused /; s/$/ is there twice/\""
    }
    END { for (i = 1; i <= many; i++) printf "bytes %s %.0f\n", target[i], bytes[i] }'
}
begun=$(date +%s)
echo 'looking what it holds' >"$PAWL_PROGRESS"
{ store_restic ls --json "$snapshot" 2>"$staged_journal/said" || echo $? >"$staged_journal/code"; } | look "$@" >"$staged_journal/looked"
[ ! -e "$staged_journal/code" ] || {
  rm -f "$staged_journal/code"
  give_up 45 "it cannot be read: $(last_words "$staged_journal/said")"
}
refused=$(sed -n 's/^refused //p' "$staged_journal/looked" | head -n 5)
[ "$refused" = '' ] || give_up 52 "$(grep -c '^refused ' "$staged_journal/looked") paths are refused, asTheyAre: true allows all but names: $(printf '%s' "$refused" | paste -s -d ';')"

restored() { # EXPECTED-BYTES OPTION…
  expected=$1
  shift
  { while sleep 10; do progress_says "$(du -s --block-size=1 "$place" | cut -f 1)" "$expected"; done; } 2>/dev/null &
  watching=$!
  store_restic restore "$snapshot" --target "$place/files" --verify "$@" >"$place/said" 2>&1 ||
    give_up 45 "it cannot be read: $(last_words "$place/said")"
  kill "$watching" 2>/dev/null || true
}
bytes_of() { # [TARGET]
  awk -v of="${1:-}" '$1 == "bytes" && (of == "" || $2 == of) { sum += $3 } END { printf "%.0f\n", sum }' "$staged_journal/looked"
}
# What was listed is not all that counts.
must_be_plain() { # STAGED
  [ "$as_they_are" = no ] || return 0
  odd=$(find "$1" \( -type f -perm /6000 \) -o ! \( -type f -o -type d -o -type l \) | head -n 5 | paste -s -d ';')
  [ "$odd" = '' ] || give_up 52 "these are refused, unless asTheyAre: true allows them: $odd"
}
files_in() { find "$1" -type f -printf . | wc -c; }

files=0
if [ "$folder" != - ]; then
  bytes=$(bytes_of)
  staged_place "$folder" "$((bytes + 100000000))"
  restored "$bytes"
  must_be_plain "$place/files"
  files=$(files_in "$place/files")
  staged_note "$folder" "$place/files"
else
  for target in "$@"; do
    bytes=$(bytes_of "$target")
    staged_place "$target" "$((bytes + 100000000))"
    restored "$bytes" --include "$target"
    staged=$place/files$target
    [ -e "$staged" ] || give_up 49 "it has no $target"
    [ "$(readlink -f -- "$staged")" = "$staged" ] || give_up 53 "$target was a link: nothing is restored through links. Back up what it points to"
    must_be_plain "$staged"
    files=$((files + $(files_in "$staged")))
    staged_note "$target" "$staged"
  done
fi
{
  echo "seconds $(($(date +%s) - begun))"
  echo "files $files"
} >"$staged_journal/result"
result_keep "$id" "$staged_journal/result"
staged_end "$store_secrets/store"
