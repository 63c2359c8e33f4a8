//! Whether the file system below a relay keeps what was synced. Spec: `spec/relay.md`, the data directory.
//!
//! Known at the edge only, and on Linux: what can't be found out is taken.

use super::Filesystems;
use crate::trouble::{Exit, Trouble};
use std::path::Path;

/// Refuses file systems that lose what was synced.
pub(super) fn check(directory: &Path, allowed: Filesystems) -> Result<(), Trouble> {
    if allowed == Filesystems::Any {
        return Ok(());
    }
    let (Ok(mounts), Ok(directory)) = (std::fs::read_to_string("/proc/mounts"), directory.canonicalize())
    else {
        return Ok(());
    };
    match kind_of(&mounts, &directory) {
        Some(kind) if LOSING.contains(&kind) => Err(Trouble::new(
            Exit::Input,
            format!("{} is on {kind}", directory.display()),
            "that file system may lose messages for which the relay has answered",
            "give a directory on a local disk with --data, or accept the loss with --force-filesystem",
        )),
        _ => Ok(()),
    }
}

/// The kind of the file system that a directory is on: that of the longest mount point above it, and of the
/// last one mounted there.
fn kind_of<'a>(mounts: &'a str, directory: &Path) -> Option<&'a str> {
    let mounted = mounts.lines().filter_map(|line| {
        let mut fields = line.split(' ').skip(1);
        let point = fields.next()?.replace("\\040", " ");
        Some((point, fields.next()?))
    });
    let above = mounted.filter(|(point, _)| directory.starts_with(point));
    above.max_by_key(|(point, _)| point.len()).map(|(_, kind)| kind)
}

/// File systems in memory, and those over a network whose sync depends on another machine.
const LOSING: [&str; 9] = [
    "tmpfs",
    "ramfs",
    "nfs",
    "nfs4",
    "cifs",
    "smb3",
    "9p",
    "fuse.sshfs",
    "ceph",
];

#[cfg(test)]
mod tests {
    use super::*;

    const MOUNTS: &str = "/dev/vda / ext4 rw 0 0\ntmpfs /tmp tmpfs rw 0 0\nnas:/a /srv/my\\040share nfs4 rw 0 0\n\
                          overlay /tmp/over overlay rw 0 0\n";

    #[test]
    fn the_longest_mount_point_counts() {
        assert_eq!(kind_of(MOUNTS, Path::new("/var/lib")), Some("ext4"));
        assert_eq!(kind_of(MOUNTS, Path::new("/tmp/relay")), Some("tmpfs"));
        assert_eq!(kind_of(MOUNTS, Path::new("/tmpfoo")), Some("ext4"));
        assert_eq!(kind_of(MOUNTS, Path::new("/tmp/over/relay")), Some("overlay"));
        assert_eq!(kind_of(MOUNTS, Path::new("/srv/my share/relay")), Some("nfs4"));
    }

    #[test]
    fn a_file_system_that_loses_data_is_taken_by_force_alone() {
        let directory = Path::new("/dev/shm");
        if std::fs::read_to_string("/proc/mounts").is_ok_and(|mounts| mounts.contains(" /dev/shm tmpfs ")) {
            assert_eq!(
                check(directory, Filesystems::Safe).unwrap_err().exit(),
                Exit::Input
            );
            assert_eq!(check(directory, Filesystems::Any), Ok(()));
        }
    }
}
