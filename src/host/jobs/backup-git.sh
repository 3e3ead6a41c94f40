# Streams a repository to the store, with all its branches and tags, as one bundle.
# usage: backup-git SOURCE ID REPOSITORY EXPECTED-BYTES
# keeps as its result KEY VALUE lines: the moment, what restic says in the end, the sum of the stream, `repository
#   bare|files USER:GROUP HEAD`, `ref COMMIT NAME` for each
# exits 30 where a program is missing, 31 without its secrets, 41 it could not be copied, 42 the store failed
# uses: give-up progress store work stream git result
set -eu
source=$1 id=$2 repository=$3 expected=$4
stream_begin "$source" "$id"
command -v git >/dev/null || give_up 30 'has no git'
[ -d "$repository" ] || give_up 41 "there is no $repository"

refs() {
  in_repository "$repository" for-each-ref --format='%(objectname) %(refname)' 2>"$work/said" | LC_ALL=C sort
}

mkfifo "$work/bundle" "$work/begin"
refs >"$work/before"
moment=$(date -u +%Y-%m-%dT%H:%M:%SZ)
# its head ends with an empty line
{ LC_ALL=C sed '/^$/q' && cat >/dev/null; } <"$work/begin" >"$work/head" &
head=$!
in_repository "$repository" bundle create --quiet - --all >"$work/bundle" 2>"$work/bundle.said" &
bundle=$!
tee "$work/begin" <"$work/bundle" | stream_send all.bundle "$expected"
stream_taken
wait "$bundle" || give_up 41 "the repository could not be copied: $(tail -n 3 "$work/bundle.said")"
wait "$head"
refs >"$work/after"
LC_ALL=C grep -aE '^[0-9a-f]{40,64} refs/' "$work/head" | LC_ALL=C sort >"$work/refs" || true
# what nobody moved meanwhile must be in it as it is
missing=$(LC_ALL=C comm -12 "$work/before" "$work/after" | LC_ALL=C comm -23 - "$work/refs" | head -n 1)
[ "$missing" = '' ] || give_up 41 "the copy of the repository has no $missing"
# and what was there all the time must be in it, wherever it stood
for list in before after refs; do cut -d ' ' -f 2- "$work/$list" | LC_ALL=C sort >"$work/$list.names"; done
missing=$(LC_ALL=C comm -12 "$work/before.names" "$work/after.names" | LC_ALL=C comm -23 - "$work/refs.names" | head -n 1)
[ "$missing" = '' ] || give_up 41 "the copy of the repository has no $missing, which somebody moved meanwhile"
[ -s "$work/refs" ] || give_up 41 'the repository has no branches'
{
  stream_facts "$moment"
  if [ "$(in_repository "$repository" rev-parse --is-bare-repository)" = true ]; then form=bare; else form=files; fi
  echo "repository $form $(stat -c %U:%G "$repository") $(in_repository "$repository" symbolic-ref --quiet HEAD || true)"
  sed 's/^/ref /' "$work/refs"
} >"$work/result"
result_keep "$id" "$work/result"
