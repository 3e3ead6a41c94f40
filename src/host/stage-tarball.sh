# Unpacks an uploaded archive beside the running release. Safe to repeat; a half-unpacked folder is never seen.
# usage: stage-tarball ARCHIVE VERSION SHA256 FREE-MIB KEEP RELEASES CURRENT
# exits 10 upload it first, 20 too little space, 21 another release of this name is there, 22 unsafe archive,
#   23 another attempt is at it
# uses: releases
set -eu
archive=$1 version=$2 sha=$3 free_mib=$4 keep=$5 releases=$6 current=$7
marks=$releases/.pawl mark=$releases/.pawl/$version.sha256 release=$releases/$version
alone "$marks"
if [ -d "$release" ]; then
  [ "$(cat "$mark" 2>/dev/null)" = "$sha" ] && exit 0
  echo "$release holds other bytes than the planned ones; give the release another version" >&2
  exit 21
fi
uploaded "$archive" "$sha"
# leftovers of attempts that were cut off
for left in "$marks"/unpack.*; do
  [ ! -e "$left" ] || find "$marks" -mindepth 1 -maxdepth 1 -name 'unpack.*' -mmin +60 -exec rm -rf {} +
  break
done
# No more is unpacked than there is room for: an archive may be a thousand times as large as it looks.
free=$(($(stat -f -c '%a * %S' "$releases")))
room=$((free - free_mib * 1048576))
too_little() {
  unpacked=$(gzip -dc "$archive" 2>/dev/null | wc -c)
  echo "$releases has $((free / 1048576)) MiB free; $((unpacked / 1048576)) MiB and $free_mib MiB of reserve are needed" >&2
  exit 20
}
[ "$room" -gt 0 ] || too_little
work=$(mktemp -d "$marks/unpack.XXXXXX")
trap 'rm -rf "$work"' EXIT
install -d -o nobody -m 755 "$work" "$work/release"
# as nobody: what an archive does while it is unpacked, it may not do as root
if ! { gzip -dc "$archive" || : >"$work/torn"; } 2>>"$work/log" | head -c "$room" |
  setpriv --reuid=nobody --clear-groups --no-new-privs \
    tar -x -f - -C "$work/release" --no-same-owner --no-same-permissions --delay-directory-restore >>"$work/log" 2>&1 ||
  [ -e "$work/torn" ]; then
  [ "$(gzip -dc "$archive" 2>/dev/null | wc -c)" -le "$room" ] || too_little
  tail -n 3 "$work/log" >&2
  # tar cannot tell a full disk from a bad archive; the disk can
  [ "$(df --output=avail -B1 "$releases" | tail -n 1)" -lt 1048576 ] && exit 20
  exit 22
fi
odd=$(find "$work/release" \( ! -type f ! -type d -o -type f -links +1 \) -printf '%P ' -quit)
if [ -n "$odd" ]; then
  echo "only regular files and folders are unpacked; this archive holds $odd" >&2
  exit 22
fi
chown -R root:root "$work/release"
chmod -R u-s,g-s,go-w,a+rX "$work/release"
# the mark comes first: it means nothing without its folder, and the folder never appears without it
printf '%s' "$sha" >"$mark"
sync -f "$work/release"
mv -T "$work/release" "$release"
trap 'rm -rf "$work" "$archive"' EXIT

# Out of sight at once: half a folder would be taken for a release.
set -- "$marks"/*.sha256
[ $# -ge "$keep" ] || exit 0
running=$(basename "$(readlink -f "$current")")
for old in $(beyond "$marks" sha256 "$keep" "$running" "$version"); do
  [ ! -d "$releases/$old" ] || mv -T "$releases/$old" "$work/$old"
  rm -f "$marks/$old.sha256"
done
