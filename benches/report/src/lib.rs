//! What every benchmark prints and writes: a table for people, `target/bench/<name>.json` for programs.
//!
//! Two things to know: [`Samples`], the repeated measurements of one mode, quoted by their median; and [`Report`].
//! Modes are measured interleaved, so ratios hold when the machine's speed drifts; absolute figures do not travel.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::{env, fs};

use serde_json::{Map, Value, json};

/// Repeated measurements of one mode, in the order they were made.
#[derive(Clone, Debug, Default)]
pub struct Samples(Vec<f64>);

impl Samples {
    /// Adds one.
    pub fn push(&mut self, sample: f64) {
        self.0.push(sample);
    }

    /// The middle one; the mean of the two middle ones of an even number; NaN of none.
    #[must_use]
    pub fn median(&self) -> f64 {
        let mut sorted = self.0.clone();
        sorted.sort_by(f64::total_cmp);
        match sorted.len() {
            0 => f64::NAN,
            n if n % 2 == 1 => sorted[n / 2],
            n => f64::midpoint(sorted[n / 2 - 1], sorted[n / 2]),
        }
    }

    /// The median of the ratios pair by pair: round i of this over round i of the other.
    #[must_use]
    pub fn ratio_to(&self, other: &Samples) -> f64 {
        Samples(
            self.0
                .iter()
                .zip(&other.0)
                .map(|(one, two)| one / two)
                .collect(),
        )
        .median()
    }
}

/// The `q`-quantile of latencies (nearest rank), sorting them; zero of none.
pub fn quantile(latencies: &mut [f64], q: f64) -> f64 {
    latencies.sort_by(f64::total_cmp);
    let last = latencies.len().saturating_sub(1);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "an index within the slice"
    )]
    #[expect(clippy::cast_precision_loss, reason = "far fewer than 2^52 latencies")]
    let rank = (last as f64 * q).round() as usize;
    latencies.get(rank).copied().unwrap_or_default()
}

/// One benchmark's outcome.
#[derive(Debug)]
pub struct Report {
    name: &'static str,
    columns: Vec<&'static str>,
    rows: Vec<(String, Vec<f64>)>,
    ratios: Map<String, Value>,
    marks: Vec<(String, f64)>,
}

impl Report {
    /// A report named as `make bench NAME=<name>` names it, with the columns of its table.
    #[must_use]
    pub fn new(name: &'static str, columns: &[&'static str]) -> Self {
        Self {
            name,
            columns: columns.to_vec(),
            rows: Vec::new(),
            ratios: Map::new(),
            marks: Vec::new(),
        }
    }

    /// One line of the table.
    pub fn row(&mut self, mode: impl Into<String>, figures: &[f64]) {
        self.rows.push((mode.into(), figures.to_vec()));
    }

    /// A ratio between two modes of this run.
    pub fn ratio(&mut self, name: &str, value: f64) {
        self.ratios.insert(name.to_owned(), json!(value));
    }

    /// A ratio with the mark it is meant to reach; missing it is reported, not an error.
    pub fn marked(&mut self, name: &str, value: f64, mark: f64) {
        self.ratio(name, value);
        self.marks.push((name.to_owned(), mark));
    }

    /// Prints the table and writes the JSON.
    ///
    /// # Errors
    /// The folder `target/bench` that cannot be written.
    pub fn finish(&self) -> anyhow::Result<()> {
        println!("{}", self.table());
        let folder = target_folder().join("bench");
        fs::create_dir_all(&folder)?;
        let path = folder.join(format!("{}.json", self.name));
        fs::write(&path, serde_json::to_string_pretty(&self.json())? + "\n")?;
        println!("written to {}", path.display());
        Ok(())
    }

    /// The table that [`Report::finish`] prints.
    #[must_use]
    pub fn table(&self) -> String {
        let width = self
            .rows
            .iter()
            .map(|(mode, _)| mode.chars().count())
            .max()
            .unwrap_or(0)
            .max(4);
        let mut text = format!("\n{} ({} cores)\n{:width$}", self.name, cores(), "mode");
        for column in &self.columns {
            let _ = write!(text, "  {column:>14}");
        }
        text.push('\n');
        for (mode, figures) in &self.rows {
            let _ = write!(text, "{mode:width$}");
            for figure in figures {
                let _ = write!(text, "  {:>14}", readable(*figure));
            }
            text.push('\n');
        }
        for (name, value) in &self.ratios {
            let value = value.as_f64().unwrap_or(f64::NAN);
            let mark = self.marks.iter().find(|(marked, _)| marked == name);
            let verdict = mark.map_or_else(String::new, |(_, mark)| {
                format!(
                    " (mark {mark:.2}: {})",
                    if value >= *mark { "reached" } else { "missed" }
                )
            });
            let _ = writeln!(text, "ratio {name}: {value:.3}{verdict}");
        }
        text
    }

    fn json(&self) -> Value {
        let rows: Map<String, Value> = self
            .rows
            .iter()
            .map(|(mode, figures)| {
                let figures: Map<String, Value> = self
                    .columns
                    .iter()
                    .zip(figures)
                    .map(|(column, figure)| ((*column).into(), json!(figure)))
                    .collect();
                (mode.clone(), Value::Object(figures))
            })
            .collect();
        json!({ "name": self.name, "cores": cores(), "modes": rows, "ratios": self.ratios })
    }
}

fn readable(figure: f64) -> String {
    match figure.abs() {
        size if size >= 1000.0 => format!("{figure:.0}"),
        size if size >= 10.0 => format!("{figure:.1}"),
        _ => format!("{figure:.3}"),
    }
}

fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
}

/// The workspace's `target`, or wherever `CARGO_TARGET_DIR` says.
#[must_use]
pub fn target_folder() -> PathBuf {
    let folder = env::var_os("CARGO_TARGET_DIR").map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../target")),
        PathBuf::from,
    );
    // Without `..`: a browser that is given a file to send reads none whose path has one.
    folder.canonicalize().unwrap_or(folder)
}

#[cfg(test)]
mod tests {
    use super::{Samples, quantile};

    #[test]
    fn the_median_is_the_middle() {
        assert!((Samples(vec![3.0, 1.0, 2.0]).median() - 2.0).abs() < f64::EPSILON);
        assert!((Samples(vec![4.0, 1.0, 2.0, 3.0]).median() - 2.5).abs() < f64::EPSILON);
        assert!(Samples::default().median().is_nan());
    }

    #[test]
    fn ratios_are_taken_pair_by_pair() {
        let (one, other) = (Samples(vec![1.0, 20.0, 3.0]), Samples(vec![2.0, 40.0, 6.0]));
        assert!((one.ratio_to(&other) - 0.5).abs() < f64::EPSILON);
    }

    #[test]
    fn quantiles_are_of_the_sorted_latencies() {
        let mut latencies = [5.0, 1.0, 3.0, 2.0, 4.0];
        assert!((quantile(&mut latencies, 0.5) - 3.0).abs() < f64::EPSILON);
        assert!((quantile(&mut latencies, 1.0) - 5.0).abs() < f64::EPSILON);
        assert!(quantile(&mut [], 0.99).abs() < f64::EPSILON);
    }
}
