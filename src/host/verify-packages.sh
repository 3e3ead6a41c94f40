# Which files of packages are not as their packages brought them, conffiles aside. Changes nothing.
# usage: verify-packages SECONDS MOST [GLOB…]
#   MOST   files that are named
#   GLOB   of files that nobody misses, as dpkg's own path-exclude has them; these of the host count, too
# prints `missing PATH` and `changed PATH`, `of PACKAGES: PATH` for each of these that a package owns, `more NUMBER` of those
#   that are not named, and `package NAME` for each that has lost one, named or not
# exits 30 without dpkg, 33 where SECONDS were too few, 34 where dpkg fails
# uses: give-up packages
set -eu
export LC_ALL=C
seconds=$1 most=$2
shift 2
command -v dpkg >/dev/null || give_up 30 'has no dpkg'
# the disk may be full
work=$(mktemp -d /run/pawl-look.XXXXXX)
trap 'rm -rf "$work"' EXIT
packages_look "$work" "$seconds" '' "$@"
head -n "$most" "$work/found"
sed 's/^[a-z]* //; s/[][*?\\]/\\&/g' "$work/found" | xargs -r -d '\n' dpkg-query -S -- 2>/dev/null >"$work/owners" || true
sed -i '/^diversion /d' "$work/owners"
head -n "$most" "$work/found" | sed 's/^[a-z]* //' >"$work/named"
# a path may hold what stands between
awk 'NR == FNR { named[$0]; next } { at = index($0, ": /") } substr($0, at + 2) in named { print "of " $0 }' "$work/named" "$work/owners"
sed 's/: \/.*//; s/, .*//; s/:.*//; s/^/package /' "$work/owners" | sort -u
more=$(($(wc -l <"$work/found") - most))
[ "$more" -le 0 ] || echo "more $more"
