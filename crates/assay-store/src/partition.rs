//! History by month on PostgreSQL: partitions are made ahead, and go whole when all in
//! them was kept for long enough. In an SQLite file there are none.
//!
//! A month is a range of identifiers, which begin with the milliseconds they were made
//! at. So an identifier alone says where its row is, it stays unique over all months,
//! and what belongs to a review lies in the review's month whenever it was written.

use sqlx::types::Uuid;
use sqlx::{AssertSqlSafe, Executor as _};

use crate::transaction::State;
use crate::value::args;
use crate::{Engine, Error, Retention, Store, Tx, finding, model_usage, review, review_event};

/// A table that is kept by month, and what says the month of a row.
struct Parted {
    table: &'static str,
    key: &'static str,
}

/// What goes together: the last one is what the others belong to.
const REVIEWS: [Parted; 4] = [
    Parted {
        table: "finding",
        key: "review_id",
    },
    Parted {
        table: "metric",
        key: "review_id",
    },
    Parted {
        table: "review_event",
        key: "review_id",
    },
    Parted {
        table: "review",
        key: "id",
    },
];
/// What belongs to reviews and is not kept by month.
const OF_REVIEWS: [&str; 6] = [
    "live_message",
    "live_presence",
    "model_transcript",
    "discussion",
    "review_prompt",
    "model_quality",
];
const USAGE: [Parted; 1] = [Parted {
    table: "model_usage",
    key: "id",
}];

/// Months that are made before they come: nothing is lost while that fails for weeks.
const MONTHS_AHEAD: i64 = 2;
/// A clock that is set back a little finds its month.
const MONTHS_BEHIND: i64 = 1;
/// Months that are made for what a copy brings back, which are more than it is kept.
const MONTHS_RESTORED: i64 = 36;
/// So long a change waits for those who read; all others wait behind it meanwhile.
const LOCK: &str = "SET LOCAL lock_timeout = '3s'";

/// A month of the calendar, counted from the year 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Month(i64);

const DAY_MS: i64 = 86_400_000;

impl Month {
    /// Returns the month of a time (after H. Hinnant: `civil_from_days`).
    fn of(ms: i64) -> Self {
        let days = ms.div_euclid(DAY_MS) + 719_468;
        let era = days.div_euclid(146_097);
        let day = days.rem_euclid(146_097);
        let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
        let day = day - (365 * year + year / 4 - year / 100);
        // March is 0: a year ends with its leap day.
        let month = (5 * day + 2) / 153;
        Self((year + era * 400) * 12 + month + 2)
    }

    /// Returns when it begins.
    fn begins_ms(self) -> i64 {
        let (year, month) = ((self.0 - 2).div_euclid(12), (self.0 - 2).rem_euclid(12));
        let era = year.div_euclid(400);
        let year = year.rem_euclid(400);
        let day = (153 * month + 2) / 5 + 365 * year + year / 4 - year / 100;
        (era * 146_097 + day - 719_468) * DAY_MS
    }

    /// Returns how partitions of it are called.
    fn suffix(self) -> String {
        format!(
            "{:04}_{:02}",
            self.0.div_euclid(12),
            self.0.rem_euclid(12) + 1
        )
    }
}

/// Returns what all identifiers that are made at a time or later are at least.
pub(crate) fn first_of(ms: i64) -> Uuid {
    let ms = ms.clamp(0, 0xffff_ffff_ffff);
    Uuid::from_u128(u128::from(ms.unsigned_abs()) << 80)
}

/// Returns the same as PostgreSQL reads it.
fn bound(ms: i64) -> String {
    first_of(ms).to_string()
}

/// Returns statements that look into one month, whatever there are; a test holds them
/// to it.
pub fn statements_of_a_month() -> [(&'static str, &'static str); 5] {
    [
        ("review", review::GET),
        ("finding", finding::LIST_OF_REVIEW),
        ("metric", finding::METRICS),
        ("review_event", review_event::LIST),
        ("model_usage", model_usage::TOTAL),
    ]
}

/// Returns the time that an identifier begins with.
fn bound_ms(bound: &str) -> Option<i64> {
    let digits: String = bound.chars().filter(|c| *c != '-').take(12).collect();
    i64::from_str_radix(&digits, 16).ok()
}

/// A partition that is there.
struct There {
    table: String,
    name: String,
    /// When it ends; the one for everything else has no end.
    end_ms: Option<i64>,
}

impl Store {
    /// Makes the partitions of the months that come; returns how many. It may be done
    /// at any time, by several processes.
    pub async fn partition_make(&self) -> Result<u64, Error> {
        if self.engine() == Engine::Sqlite {
            return Ok(0);
        }
        let mut tx = self.begin().await?;
        let made = tx.partition_make(MONTHS_BEHIND).await?;
        tx.commit().await?;
        Ok(made)
    }

    /// Takes partitions away in which everything was kept for long enough; returns how
    /// many rows went with them.
    pub async fn partition_drop(&self, retention: &Retention) -> Result<u64, Error> {
        if self.engine() == Engine::Sqlite {
            return Ok(0);
        }
        let now_ms = self.now_ms();
        let reviews_ms = now_ms.saturating_sub(retention.reviews_ms);
        let usage_ms = now_ms.saturating_sub(retention.usage_ms);
        let there = self.begin().await?.partitions().await?;
        let mut rows = 0;
        for (parted, until_ms) in [(&REVIEWS[..], reviews_ms), (&USAGE[..], usage_ms)] {
            let whole = parted.last().expect("there is one").table;
            for month in there.iter().filter(|one| one.table == whole) {
                if month.end_ms.is_some_and(|end_ms| end_ms <= until_ms) {
                    let mut tx = self.begin().await?;
                    rows += tx.month_drop(parted, &there, month, until_ms).await?;
                    tx.commit().await?;
                }
            }
        }
        Ok(rows)
    }
}

impl Tx {
    /// Makes the partitions of months from so many ago on.
    pub(crate) async fn partition_make(&mut self, behind: i64) -> Result<u64, Error> {
        let there = self.partitions().await?;
        if there.is_empty() {
            // The tables are of a time before.
            return Ok(0);
        }
        self.run(LOCK.to_owned()).await?;
        let now = Month::of(self.now_ms()).0;
        let mut made = 0;
        for month in (now - behind..=now + MONTHS_AHEAD).map(Month) {
            for parted in REVIEWS.iter().chain(&USAGE).rev() {
                made += u64::from(self.month_make(parted, &there, month).await?);
            }
        }
        Ok(made)
    }

    /// Makes the partitions of the months that come, after migrations.
    pub(crate) async fn partition_make_ahead(&mut self) -> Result<(), Error> {
        if self.engine() == Engine::Postgres {
            self.partition_make(MONTHS_BEHIND).await?;
        }
        Ok(())
    }

    /// Makes the partitions that the rows of a copy go to.
    pub(crate) async fn partition_make_all(&mut self) -> Result<(), Error> {
        self.partition_make(MONTHS_RESTORED).await.map(|_| ())
    }

    async fn month_make(
        &mut self,
        parted: &Parted,
        there: &[There],
        month: Month,
    ) -> Result<bool, Error> {
        let Parted { table, key } = parted;
        let name = format!("{table}_{}", month.suffix());
        let (begin_ms, end_ms) = (month.begins_ms(), Month(month.0 + 1).begins_ms());
        let is_over = |one: &There| {
            // The rows of before months were made are in one that ends with a month.
            one.name == name
                || one.name.ends_with("_before") && one.end_ms.is_some_and(|end| end >= end_ms)
        };
        if there.iter().filter(|one| one.table == *table).any(is_over) {
            return Ok(false);
        }
        let (begin, end) = (bound(begin_ms), bound(end_ms));
        // Rows of a month that was not made in time stay where they are.
        let sql = format!(
            "SELECT count(*) AS count FROM (SELECT 1 FROM \"{table}_other\" \
             WHERE {key} >= '{begin}' AND {key} < '{end}' LIMIT 1) AS early"
        );
        if self.number(sql).await? > 0 {
            return Ok(false);
        }
        // Invariant: names and bounds are made of our own words and digits.
        self.run(format!(
            "CREATE TABLE IF NOT EXISTS \"{name}\" PARTITION OF \"{table}\" \
             FOR VALUES FROM ('{begin}') TO ('{end}')"
        ))
        .await?;
        Ok(true)
    }

    /// Takes a month away, if nothing in it is younger than it may be or still under way.
    async fn month_drop(
        &mut self,
        parted: &[Parted],
        there: &[There],
        month: &There,
        until_ms: i64,
    ) -> Result<u64, Error> {
        let name = &month.name;
        self.run(LOCK.to_owned()).await?;
        let tables: Vec<String> = parted
            .iter()
            .map(|one| format!("\"{}\"", one.table))
            .collect();
        let tables = tables.join(", ");
        self.run(format!("LOCK TABLE {tables} IN ACCESS EXCLUSIVE MODE"))
            .await?;
        let young = match month.table.as_str() {
            "review" => format!(
                "finished_ms IS NULL OR finished_ms > {until_ms} \
                 OR state NOT IN ('done', 'failed', 'superseded')"
            ),
            _ => format!("created_ms > {until_ms}"),
        };
        let sql = format!(
            "SELECT count(*) AS count FROM (SELECT 1 FROM \"{name}\" WHERE {young} LIMIT 1) AS young"
        );
        if self.number(sql).await? > 0 {
            return Ok(0);
        }
        let rows = self
            .number(format!("SELECT count(*) AS count FROM \"{name}\""))
            .await?;
        if month.table == "review" {
            for table in OF_REVIEWS {
                self.run(format!(
                    "DELETE FROM \"{table}\" WHERE review_id IN (SELECT id FROM \"{name}\")"
                ))
                .await?;
            }
        }
        for Parted { table, .. } in parted {
            let of_month = |one: &&There| one.table == *table && one.end_ms == month.end_ms;
            for one in there.iter().filter(of_month) {
                let name = &one.name;
                self.run(format!(
                    "ALTER TABLE \"{table}\" DETACH PARTITION \"{name}\""
                ))
                .await?;
                self.run(format!("DROP TABLE \"{name}\"")).await?;
            }
        }
        Ok(u64::try_from(rows).unwrap_or(0))
    }

    async fn partitions(&mut self) -> Result<Vec<There>, Error> {
        let sql = "SELECT p.relname::text AS place, c.relname::text AS name, \
                   coalesce(substring(pg_get_expr(c.relpartbound, c.oid) \
                   from 'TO \\(''([0-9a-f-]+)''\\)'), '') AS bound \
                   FROM pg_inherits AS i JOIN pg_class AS c ON c.oid = i.inhrelid \
                   JOIN pg_class AS p ON p.oid = i.inhparent \
                   JOIN pg_namespace AS n ON n.oid = p.relnamespace \
                   WHERE n.nspname = current_schema() AND p.relkind = 'p' \
                   ORDER BY p.relname, c.relname";
        self.list(sql, args![], |row| {
            Ok(There {
                table: row.get("place")?,
                name: row.get("name")?,
                end_ms: bound_ms(&row.get::<String>("bound")?),
            })
        })
        .await
    }

    /// Runs a statement of PostgreSQL that is made of our own names.
    async fn run(&mut self, sql: String) -> Result<(), Error> {
        if let State::Postgres(transaction) = self.state() {
            let sql = sqlx::raw_sql(AssertSqlSafe(sql));
            (&mut **transaction).execute(sql).await?;
        }
        Ok(())
    }

    /// Returns the number that such a statement counts.
    async fn number(&mut self, sql: String) -> Result<i64, Error> {
        match self.state() {
            State::Postgres(transaction) => {
                let query = sqlx::query_scalar(AssertSqlSafe(sql));
                Ok(query.fetch_one(&mut **transaction).await?)
            }
            _ => Ok(0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{DAY_MS, Month, bound, bound_ms};

    #[test]
    fn months_begin_when_they_do() {
        for (ms, name, begins_ms) in [
            (0, "1970_01", 0),
            (1_767_225_600_000, "2026_01", 1_767_225_600_000),
            (1_767_225_599_999, "2025_12", 1_764_547_200_000),
            (1_709_164_800_000, "2024_02", 1_706_745_600_000),
            (951_782_400_000, "2000_02", 949_363_200_000),
        ] {
            let month = Month::of(ms);
            assert_eq!(month.suffix(), name);
            assert_eq!(month.begins_ms(), begins_ms, "{name}");
        }
        let mut before = Month::of(0);
        for day in 1..200_000 {
            let month = Month::of(day * DAY_MS);
            assert!(month == before || month.0 == before.0 + 1, "{day}");
            assert_eq!(month != before, month.begins_ms() == day * DAY_MS, "{day}");
            before = month;
        }
    }

    #[test]
    fn bounds_are_the_first_identifiers_of_a_time() {
        let text = bound(1_767_225_600_000);
        assert_eq!(text, "019b76da-a800-0000-0000-000000000000");
        assert_eq!(bound_ms(&text), Some(1_767_225_600_000));
        assert_eq!(bound_ms(""), None);
    }
}
