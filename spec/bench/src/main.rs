//! The relay's bench: the same work for the relay, a null server and Kamailio in one run on loopback.
//! What came of it is in `spec/results/`.
//!
//! The machine is shared with the generator, so rates say little; CPU of the server for a thousand messages,
//! as a ratio of one run, is what counts. It ends by itself and keeps nothing.

mod frame;
mod kamailio;
mod line;
mod meter;
mod null;
mod people;
mod server;
mod sip;
mod subject;
mod table;
mod work;

use self::subject::{Kind, Subject};
use self::table::Table;
use anyhow::Result;
use clap::{Parser, Subcommand};
use std::io::Write;
use std::path::PathBuf;

/// Runs the relay beside other servers and prints a Markdown table.
#[derive(Debug, Parser)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
    /// The relay's program; by default the one beside this
    #[arg(long)]
    relay: Option<PathBuf>,
    /// One more argument for the relay's `run`
    #[arg(long, allow_hyphen_values = true)]
    relay_arg: Vec<String>,
    /// Directory for the servers' data, on the disk that is to be measured
    #[arg(long, default_value = ".")]
    data: PathBuf,
    /// Seconds of each workload
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..=15))]
    seconds: u64,
    /// Servers of the run
    #[arg(
        long,
        value_delimiter = ',',
        default_value = "null,relay-sled,relay-fjall,kamailio"
    )]
    servers: Vec<String>,
    /// Workloads of the run
    #[arg(long, value_delimiter = ',', default_value = "w1,w2,w2a,w3,w5,w6")]
    only: Vec<String>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// The null server itself
    Null {
        /// Where its records go
        #[arg(long)]
        file: PathBuf,
    },
}

#[tokio::main]
async fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let mut out = std::io::stdout();
    if let Some(Command::Null { file }) = &arguments.command {
        return null::serve(file, &mut out).await;
    }
    let mut table = Table::new(meter::load());
    for name in &arguments.servers {
        for group in GROUPS {
            if group.iter().any(|workload| arguments.wants(workload)) {
                // One server that fails doesn't take the others' figures along.
                if let Err(fault) = arguments.round(name, group, &mut table).await {
                    table.note(format!("{name} did not finish {}: {fault:#}", group.join(", ")));
                }
            }
        }
    }
    table.write(&mut out)?;
    out.flush()?;
    Ok(())
}

impl Arguments {
    fn wants(&self, workload: &str) -> bool {
        self.only.iter().any(|name| name == workload)
    }

    /// The workloads of a group, on one server that began empty.
    async fn round(&self, name: &str, group: &[&str], table: &mut Table) -> Result<()> {
        let directory = tempfile::tempdir_in(self.data.canonicalize()?)?;
        let kind = match name {
            "relay" | "relay-sled" | "relay-fjall" => Kind::Relay,
            "null" => Kind::Null,
            "kamailio" => Kind::Kamailio,
            _ => anyhow::bail!("servers are null, relay, relay-sled, relay-fjall and kamailio"),
        };
        let program = self.relay.clone().unwrap_or_else(server::default_relay);
        let mut more = self.relay_arg.clone();
        if let Some(engine) = name.strip_prefix("relay-") {
            more.extend(["--store".to_owned(), engine.to_owned()]);
        }
        let subject = Subject::start(kind, (&program, &more), directory.path())?;
        subject.wait_until_it_serves().await?;
        let mut waiting = 0;
        for workload in group.iter().filter(|workload| self.wants(workload)) {
            match *workload {
                "w1" => table.add("W1 live forward", name, work::live(&subject, self.seconds).await?),
                "w2" => {
                    let (figure, left) = work::store(&subject, self.seconds).await?;
                    waiting += left;
                    table.add("W2 store", name, figure);
                }
                "w2a" => {
                    let (figure, _) = work::store_alone(&subject, self.seconds).await?;
                    table.add("W2 store, one at a time", name, figure);
                }
                "w3" => {
                    let (figure, missing) = work::drain(&subject, waiting).await?;
                    table.add("W3 drain", name, figure);
                    table.note(format!(
                        "{name}: {missing} of {waiting} stored items did not come in W3"
                    ));
                }
                "w5" if kind != Kind::Kamailio => {
                    table.note(format!(
                        "W5 {name}: {:.1} KiB an idle connection",
                        work::idle(&subject).await?
                    ));
                }
                "w6" if kind != Kind::Kamailio => {
                    table.add(
                        "W6 handshake and REGISTER",
                        name,
                        work::arrive(&subject, self.seconds).await?,
                    );
                }
                _ => {}
            }
        }
        Ok(())
    }
}

/// Workloads that share a server: what one leaves, the next one takes.
const GROUPS: [&[&str]; 5] = [&["w1"], &["w2", "w3"], &["w2a"], &["w5"], &["w6"]];
