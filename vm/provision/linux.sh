#!/bin/sh
# Makes a Linux machine a guest for testing kernel modules. See steps.sh; --help tells the options.
# shellcheck source-path=SCRIPTDIR source=steps.sh
[ -n "$kextdev_steps" ] || . "${0%/*}/steps.sh"

etc=/etc
sudo_commands='/sbin/insmod /usr/sbin/insmod /sbin/rmmod /usr/sbin/rmmod /bin/dmesg /usr/bin/dmesg /sbin/reboot /usr/sbin/reboot /sbin/shutdown /usr/sbin/shutdown'
# Of KernelConfigureTarget: one file of GRUB's settings, and the commands that heed it.
own=/etc/default/grub.d/kextdev.cfg
sudo_settings="/bin/mkdir -p ${own%/*}, /usr/bin/mkdir -p ${own%/*}, /bin/rm -f $own, /usr/bin/rm -f $own, /usr/bin/tee $own, \
/usr/sbin/update-grub, /usr/sbin/grub-mkconfig -o /boot/grub/grub.cfg, /usr/sbin/grub2-mkconfig -o /boot/grub2/grub.cfg"

home_of() {
  line=$(grep "^$1:" "$root/etc/passwd") || fail "there is no user $1" || return
  printf '%s\n' "$line" | cut -d : -f 6
}

has_systemd() { [ -d "$root/run/systemd/system" ]; }

# Masked units cannot be started, by whatever.
mask() {
  for unit; do
    state=$(systemctl is-enabled "$unit" 2>/dev/null)
    case $state in
    masked | '' | not-found) ;;
    *) systemctl mask --now "$unit" >/dev/null && changed "$unit is masked" || return ;;
    esac
  done
}

set_sshd_and_reload() {
  outcome=$(set_sshd) || { echo "$outcome" && return 1; }
  [ -n "$outcome" ] || return 0
  echo "$outcome"
  if has_systemd; then
    systemctl reload ssh 2>/dev/null || systemctl reload sshd
  elif [ -f "$root/run/sshd.pid" ]; then
    kill -HUP "$(cat "$root/run/sshd.pid")"
  else
    note 'sshd heeds it after its next start'
  fi
}

set_hostname() {
  [ -n "$hostname" ] || { note 'no name was given' && return; }
  echo "$hostname" | put_file /etc/hostname 644 || return
  if [ "$(hostname)" != "$hostname" ]; then
    hostname "$hostname" && changed "the machine is called $hostname"
  fi
}

set_sleep() {
  has_systemd || { note 'no systemd, nothing lets it sleep' && return; }
  mask sleep.target suspend.target hibernate.target hybrid-sleep.target
}

set_updates() {
  has_systemd || { note 'no systemd, nothing updates it by itself' && return; }
  mask apt-daily.timer apt-daily-upgrade.timer unattended-upgrades.service dnf-automatic.timer packagekit.service
}

core_pattern='/var/crash/core.%e.%p'

# A crash becomes a file; no reporter is started, and nobody is asked.
set_crashes() {
  ! has_systemd || mask apport.service || return
  put_file /etc/sysctl.d/60-kextdev.conf 644 <<END || return
# Made by KextDev: what crashes leaves a core file. A kernel that erred stops, so that its words can be read.
kernel.core_pattern = $core_pattern
kernel.panic_on_oops = 1
kernel.panic = 0
END
  set_kernel core_pattern "$core_pattern" && set_kernel panic_on_oops 1 && set_kernel panic 0
}

set_kernel() { # NAME VALUE
  now=$root/proc/sys/kernel/$1
  [ "$(cat "$now")" = "$2" ] || { printf '%s\n' "$2" >"$now" && changed "kernel.$1 is $2"; }
}

set_folders() { make_folder /var/crash 1777; }

set_kdk() {
  [ -z "$kdk" ] || fail 'Kernel Debug Kits are for macOS'
}

tell_tools() {
  [ -n "$vmware" ] || { note 'it does not run in VMware' && return; }
  if pgrep -x vmtoolsd >/dev/null; then
    note 'they run'
  else
    note 'they do not run: without open-vm-tools the address comes from leases, and a shutdown is a power cut'
  fi
}

set_share() {
  [ -n "$vmware" ] || { note 'it does not run in VMware' && return; }
  command -v vmhgfs-fuse >/dev/null || { note 'no vmhgfs-fuse: open-vm-tools has it' && return; }
  make_folder /mnt/hgfs 755 || return
  line='.host:/ /mnt/hgfs fuse.vmhgfs-fuse allow_other,nofail 0 0'
  if ! grep -qF "$line" "$root/etc/fstab"; then
    echo "$line" >>"$root/etc/fstab" && changed '/mnt/hgfs is mounted at each start' && mount /mnt/hgfs
  fi
}

read_options "$@"
step key set_key
step sudo set_sudo
step sshd set_sshd_and_reload
step hostname set_hostname
step sleep set_sleep
step updates set_updates
step crashes set_crashes
step folders set_folders
step kdk set_kdk
step tools tell_tools
step share set_share
conclude
