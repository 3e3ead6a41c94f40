# Whether a repository is whole. Changes nothing.
# usage: look-git REPOSITORY SECONDS <lines `COMMIT NAME` of the refs that it should have
#   SECONDS  that git may look through it
# prints KEY VALUE lines: `refs NUMBER`; `fault WORDS` of git; `late SECONDS` where they were too few; and of refs that are not
#   there `dropped NAME` where another one still has its commit, `lost NAME` where none has
# exits 30 where a program is missing, 41 where there is no repository
# uses: give-up git
set -eu
export LC_ALL=C
repository=$1 seconds=$2
command -v git >/dev/null || give_up 30 'has no git'
[ -d "$repository" ] || give_up 41 "there is no $repository"
refs=$(in_repository "$repository" for-each-ref --format='%(refname)' 2>&1) ||
  give_up 41 "$repository is no repository that git can read: $(printf '%s\n' "$refs" | tail -n 1)"
echo "refs $(printf '%s\n' "$refs" | grep -c . || true)"
while read -r commit name; do
  if printf '%s\n' "$refs" | grep -qxF -- "$name"; then continue; fi
  if in_repository "$repository" for-each-ref --count=1 --contains "$commit" 2>/dev/null | grep -q .; then
    echo "dropped $name"
  else
    echo "lost $name"
  fi
done
# shellcheck disable=SC2034 # of lib/git.sh
git_limit=$seconds
code=0
said=$(in_repository "$repository" fsck --connectivity-only --no-dangling --no-progress 2>&1) || code=$?
case $code in
0) ;;
124) echo "late $seconds" ;;
*) printf '%s\n' "$said" | tail -n 5 | sed 's/^/fault /' ;;
esac
