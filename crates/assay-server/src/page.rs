//! Lists come in pages: `?limit=` and `?cursor=`, where the cursor is what the page
//! before gave.

use assay_app::Paging;
use assay_auth::Identifier;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::problem::Problem;

const LIMIT: u32 = 50;
const LIMIT_MAX: u32 = 200;

/// Which page of a list.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct PageQuery {
    /// How many items at most.
    #[param(minimum = 1, maximum = 200, default = 50)]
    pub(crate) limit: Option<u32>,
    /// The `next_cursor` of the page before.
    pub(crate) cursor: Option<String>,
}

impl PageQuery {
    /// Returns how many items are wanted.
    pub(crate) fn limit(&self) -> Result<u32, Problem> {
        let limit = self.limit.unwrap_or(LIMIT);
        if (1..=LIMIT_MAX).contains(&limit) {
            return Ok(limit);
        }
        Err(Problem::invalid(format!("`limit` is 1 to {LIMIT_MAX}")))
    }

    /// Returns the part of the list to ask for: one item more than wanted, to see
    /// whether there is a next page.
    pub(crate) fn paging(&self) -> Result<Paging, Problem> {
        let after = self.cursor.as_deref().map(Identifier::parse).transpose();
        Ok(Paging {
            after: after.map_err(|_| Problem::invalid("`cursor` is none that this gave"))?,
            rows_max: self.limit()? + 1,
        })
    }

    /// Makes the answer of the rows that were found.
    pub(crate) fn answer<R, W>(
        &self,
        mut rows: Vec<R>,
        cursor: impl Fn(&R) -> String,
        wire: impl Fn(R) -> W,
    ) -> Result<Listed<W>, Problem> {
        let limit = self.limit()? as usize;
        let has_more = rows.len() > limit;
        rows.truncate(limit);
        let next_cursor = rows.last().filter(|_| has_more).map(cursor);
        Ok(Listed {
            items: rows.into_iter().map(wire).collect(),
            next_cursor,
        })
    }
}

/// A page of a list.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Listed<T> {
    /// The items.
    pub(crate) items: Vec<T>,
    /// What to ask for the next page with; none on the last one.
    pub(crate) next_cursor: Option<String>,
}
