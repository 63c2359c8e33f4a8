//! What a server costs: CPU time and memory of its processes, as the kernel counts them.

use anyhow::{Context, Result};
use std::fs::read_to_string;

/// CPU of a process and all its children, in milliseconds.
pub(crate) fn cpu_millis(pid: u32) -> Result<u64> {
    let mut sum = 0;
    for process in family(pid)? {
        let Ok(stat) = read_to_string(format!("/proc/{process}/stat")) else {
            continue;
        };
        let after = stat.rsplit(") ").next().context("a stat line")?;
        let mut fields = after.split_whitespace().skip(11);
        for _ in 0..2 {
            sum += fields.next().context("a time")?.parse::<u64>()? * TICK_MILLIS;
        }
    }
    Ok(sum)
}

/// Proportional set size of a process and all its children, in KiB.
pub(crate) fn pss_kib(pid: u32) -> Result<u64> {
    let mut sum = 0;
    for process in family(pid)? {
        let text = read_to_string(format!("/proc/{process}/smaps_rollup")).unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix("Pss:"));
        let kib = line.and_then(|line| line.split_whitespace().next());
        sum += kib.map_or(Ok(0), str::parse::<u64>)?;
    }
    Ok(sum)
}

/// The machine's load, for the record.
pub(crate) fn load() -> String {
    let text = read_to_string("/proc/loadavg").unwrap_or_default();
    text.split_whitespace().take(3).collect::<Vec<_>>().join(" ")
}

/// A process, its children and theirs.
fn family(pid: u32) -> Result<Vec<u32>> {
    let mut found = vec![pid];
    let mut at = 0;
    while let Some(parent) = found.get(at).copied() {
        at += 1;
        for task in std::fs::read_dir(format!("/proc/{parent}/task"))
            .into_iter()
            .flatten()
            .flatten()
        {
            let text = read_to_string(task.path().join("children")).unwrap_or_default();
            for child in text.split_whitespace() {
                found.push(child.parse()?);
            }
        }
    }
    Ok(found)
}

/// A clock tick of `/proc/PID/stat` on Linux.
const TICK_MILLIS: u64 = 10;
