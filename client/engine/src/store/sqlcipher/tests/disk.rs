//! F04: a disk that is full or may only be read. Needs a small file system of its own, which only root can
//! make; where that is refused, the tests say so and end.

use std::process::Command;

use super::*;

/// A small file system in memory, given back when dropped.
struct SmallDisk(TempDir);

impl SmallDisk {
    fn new() -> Option<Self> {
        let folder = TempDir::new().unwrap();
        let done = cfg!(target_os = "linux")
            && Command::new("mount")
                .args(["-t", "tmpfs", "-o", "size=1m", "tmpfs"])
                .arg(folder.path())
                .output()
                .is_ok_and(|output| output.status.success());
        if !done {
            println!("skipped 1: no small file system can be made here");
            return None;
        }
        Some(Self(folder))
    }

    fn remount(&self, option: &str) {
        let option = format!("remount,{option}");
        let status = Command::new("mount").args(["-o", &option]).arg(self.0.path()).status();
        assert!(status.unwrap().success());
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let done = Command::new("umount").arg(self.0.path()).status();
        assert!(done.is_ok_and(|status| status.success()) || std::thread::panicking());
    }
}

fn count(store: &mut SqlcipherStore) -> u64 {
    run(store, |t| t.count(Table::Packs, b""))
}

#[test]
fn f04_a_full_disk_refuses_and_recovers() {
    let Some(disk) = SmallDisk::new() else { return };
    let path = disk.0.path().join("store.db");
    let filler = disk.0.path().join("filler");
    for free in [60_000, 100_000, 150_000, 200_000] {
        drop(std::fs::remove_file(&path));
        let mut store = SqlcipherStore::create(&path, &KEY).unwrap();
        put(&mut store, 0, b"first").unwrap();
        let used: usize = std::fs::read_dir(disk.0.path())
            .unwrap()
            .map(|entry| usize::try_from(entry.unwrap().metadata().unwrap().len()).unwrap())
            .sum();
        std::fs::write(&filler, vec![0; (1 << 20) - free - used]).unwrap();
        let mut kept = 1;
        let refused = loop {
            match put(&mut store, kept, &[1; 7000]) {
                Ok(()) => kept += 1,
                Err(error) => break error,
            }
        };
        assert!(matches!(refused, StoreError::Full), "{refused:?}");
        assert!(kept > 1);
        assert_eq!(count(&mut store), u64::from(kept), "reading goes on");
        assert!(matches!(put(&mut store, kept, &[1; 7000]), Err(StoreError::Full)));
        drop(store);
        let mut store = SqlcipherStore::open(&path, &KEY).unwrap();
        assert_eq!(count(&mut store), u64::from(kept), "opens on the full disk");
        let mut refused = 0;
        for n in kept..kept + 100 {
            refused += u32::from(put(&mut store, n, &[1; 7000]).is_err());
        }
        assert!(refused > 0);
        let kept = count(&mut store);
        std::fs::remove_file(&filler).unwrap();
        put(&mut store, 1_000, &[1; 7000]).unwrap();
        assert_eq!(count(&mut store), kept + 1);
        assert_eq!(store.check().unwrap(), [""; 0]);
    }
}

#[test]
fn f04_no_room_for_a_new_store() {
    let Some(disk) = SmallDisk::new() else { return };
    let path = disk.0.path().join("store.db");
    std::fs::write(disk.0.path().join("filler"), vec![0; (1 << 20) - 40_000]).unwrap();
    let refused = SqlcipherStore::create(&path, &KEY).err().unwrap();
    assert!(matches!(refused, StoreError::Full), "{refused:?}");
    assert!(!path.exists());
}

#[test]
fn f04_a_disk_that_may_only_be_read() {
    let Some(disk) = SmallDisk::new() else { return };
    let path = disk.0.path().join("store?#% .db");
    put(&mut SqlcipherStore::create(&path, &KEY).unwrap(), 0, b"first").unwrap();
    disk.remount("ro");
    let mut store = SqlcipherStore::open(&path, &KEY).unwrap();
    assert!(store.is_read_only());
    assert_eq!(count(&mut store), 1);
    assert!(matches!(put(&mut store, 1, b"second"), Err(StoreError::ReadOnly)));
    assert_eq!(count(&mut store), 1);
    drop(store);
    let other = disk.0.path().join("other.db");
    assert!(matches!(SqlcipherStore::create(&other, &KEY), Err(StoreError::ReadOnly)));
    disk.remount("rw");
    put(&mut SqlcipherStore::open(&path, &KEY).unwrap(), 1, b"second").unwrap();
}

#[test]
fn what_a_log_still_holds_is_read_on_a_disk_that_may_only_be_read() {
    let Some(disk) = SmallDisk::new() else { return };
    let (_folder, path) = folder();
    let mut store = SqlcipherStore::create(&path, &KEY).unwrap();
    (0..5).for_each(|n| put(&mut store, n, b"kept").unwrap());
    // As the power left it: all of it is in the log.
    let image = disk.0.path().join("store.db");
    for ending in ["", "-wal"] {
        std::fs::copy(with_ending(&path, ending), with_ending(&image, ending)).unwrap();
    }
    disk.remount("ro");
    let mut store = SqlcipherStore::open(&image, &KEY).unwrap();
    assert!(store.is_read_only());
    assert_eq!(count(&mut store), 5);
    assert!(matches!(put(&mut store, 5, b"more"), Err(StoreError::ReadOnly)));
    drop(store);
    disk.remount("rw");
    let mut store = SqlcipherStore::open(&image, &KEY).unwrap();
    put(&mut store, 5, b"more").unwrap();
    assert_eq!(count(&mut store), 6);
}
