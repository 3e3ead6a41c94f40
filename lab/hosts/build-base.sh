#!/bin/sh
# Builds the root file system that lies under every lab host. Run it in a mount namespace of its own,
# which cleans up, and under a lock that its children inherit: when whoever started it is killed, the
# next build waits until the last of them is gone.
# usage: build-base.sh TARGET MIRROR PACKAGES DEBS
#   TARGET appears complete or not at all; DEBS keeps downloaded packages
set -eu
target=$1 mirror=$2 packages=$3 debs=$4
if [ -d "$target" ]; then exit 0; fi

# Everything goes to the log; stages to the caller (3), and the end of the log where it fails (4).
exec 3>&1 4>&2 > "$target.log" 2>&1
say() { echo "$*" >&3; }
trap 'tail -n 5 "$target.log" >&4; say "failed; the whole log is in $target.log"' EXIT

work=$target.unfinished
rm -rf --one-file-system "$work"
mkdir -p "$debs"

say 'fetching Debian packages'
debootstrap --foreign --variant=minbase --include="$packages" --cache-dir="$debs" bookworm "$work" "$mirror"

say 'installing them'
# In two stages, because dpkg takes a third less time when told not to wait for the disk.
mkdir -p "$work/etc/dpkg/dpkg.cfg.d"
cat > "$work/etc/dpkg/dpkg.cfg.d/lab" <<'END'
force-unsafe-io
path-exclude=/usr/share/doc/*
path-exclude=/usr/share/man/*
path-exclude=/usr/share/locale/*
END
chroot "$work" /debootstrap/debootstrap --second-stage
rm "$work/etc/dpkg/dpkg.cfg.d/lab"

say 'setting up users and services'
in_root() { chroot "$work" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin "$@"; }
in_root useradd --system --home-dir /nonexistent --shell /usr/sbin/nologin web
in_root useradd --create-home --shell /bin/bash --groups haproxy,systemd-journal pawl
echo 'pawl ALL=(ALL) NOPASSWD: ALL' > "$work/etc/sudoers.d/pawl"
chmod 440 "$work/etc/sudoers.d/pawl"
install -d -m 700 "$work/root/.ssh"
in_root install -d -m 700 -o pawl -g pawl /home/pawl/.ssh

rm -f "$work"/etc/ssh/ssh_host_*
cat > "$work/etc/ssh/sshd_config.d/lab.conf" <<'END'
HostKey /etc/ssh/ssh_host_ed25519_key
PasswordAuthentication no
UseDNS no
END

# No route leads outside: a name that /etc/hosts does not know must fail at once.
sed -i 's/^hosts:.*/hosts: files/' "$work/etc/nsswitch.conf"
rm -f "$work/etc/resolv.conf"
: > "$work/etc/machine-id"

in_root systemctl --quiet enable systemd-networkd.service
in_root systemctl --quiet disable haproxy.service nginx.service mariadb.service apt-daily.timer apt-daily-upgrade.timer \
  dpkg-db-backup.timer e2scrub_all.timer e2scrub_reap.service fstrim.timer
in_root systemctl --quiet mask console-getty.service systemd-networkd-wait-online.service

rm -rf "$work"/usr/share/doc/* "$work"/usr/share/man/* "$work"/usr/share/locale/* \
  "$work"/var/lib/apt/lists/* "$work"/var/cache/apt/*
sync -f "$work"
mv -T "$work" "$target"
trap - EXIT
rm -f "$target.log"
