//! What the system says about this process.

/// The memory that this process has in use, in bytes. `None` on systems that do not say it like Linux.
pub fn memory() -> Option<u64> {
    // proc_pid_status(5). Unlike that of `statm`, its unit does not depend on the machine.
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibibytes * 1024)
}

#[cfg(test)]
mod tests {
    #[cfg(target_os = "linux")]
    #[test]
    fn a_process_takes_some_memory() {
        let memory = super::memory().expect("Linux tells");
        assert!((1 << 20..1 << 36).contains(&memory), "{memory}");
    }
}
