//! Threads of review comments, which only GraphQL knows as such.

use serde::Deserialize;
use serde_json::{Value, json};

use crate::answer::Listed;
use crate::error::ForgeError;
use crate::name::PullId;
use crate::transport::Does;

use super::GitHub;
use super::model::ReviewThread;

/// Pages of a hundred threads that are read.
const PAGES_MAX: usize = 20;

const LIST: &str = "query($owner:String!,$name:String!,$number:Int!,$after:String){\
repository(owner:$owner,name:$name){pullRequest(number:$number){\
reviewThreads(first:100,after:$after){pageInfo{hasNextPage endCursor}\
nodes{id isResolved resolvedBy{login} comments(first:1){nodes{databaseId}}}}}}}";

const RESOLVE: &str = "mutation($thread:ID!){resolveReviewThread(input:{threadId:$thread})\
{thread{id isResolved}}}";

const UNRESOLVE: &str = "mutation($thread:ID!){unresolveReviewThread(input:{threadId:$thread})\
{thread{id isResolved}}}";

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Page {
    page_info: PageInfo,
    nodes: Vec<Node>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PageInfo {
    has_next_page: bool,
    end_cursor: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Node {
    id: String,
    is_resolved: bool,
    resolved_by: Option<Login>,
    comments: Comments,
}

#[derive(Deserialize)]
struct Login {
    login: String,
}

#[derive(Deserialize)]
struct Comments {
    nodes: Vec<Comment>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Comment {
    database_id: Option<u64>,
}

impl GitHub {
    /// Returns the threads of a pull request.
    pub async fn review_threads(&self, pull: &PullId) -> Result<Listed<ReviewThread>, ForgeError> {
        let mut listed = Listed {
            items: Vec::new(),
            is_complete: false,
        };
        let mut after = Value::Null;
        for _ in 0..PAGES_MAX {
            let variables = json!({
                "owner": pull.repo.owner(),
                "name": pull.repo.name(),
                "number": pull.number,
                "after": after,
            });
            let mut data: Value = self.query(LIST, variables, Does::Reads).await?;
            let page = data["repository"]["pullRequest"]["reviewThreads"].take();
            let page: Page = serde_json::from_value(page)
                .map_err(|error| ForgeError::Unreadable(error.to_string()))?;
            listed.items.extend(page.nodes.into_iter().map(thread));
            match page.page_info.end_cursor {
                Some(cursor) if page.page_info.has_next_page => after = cursor.into(),
                _ => {
                    listed.is_complete = true;
                    break;
                }
            }
        }
        Ok(listed)
    }

    /// Resolves a thread. An app needs the permission to write contents for it.
    pub async fn thread_resolve(&self, thread: &str) -> Result<(), ForgeError> {
        self.thread_set(RESOLVE, thread).await
    }

    /// Opens a thread again.
    pub async fn thread_unresolve(&self, thread: &str) -> Result<(), ForgeError> {
        self.thread_set(UNRESOLVE, thread).await
    }

    async fn thread_set(&self, mutation: &str, thread: &str) -> Result<(), ForgeError> {
        let variables = json!({ "thread": thread });
        let _: Value = self.query(mutation, variables, Does::Sets).await?;
        Ok(())
    }
}

fn thread(node: Node) -> ReviewThread {
    let first = node.comments.nodes.into_iter().next();
    ReviewThread {
        id: node.id,
        is_resolved: node.is_resolved,
        resolved_by: node.resolved_by.map(|account| account.login),
        first_comment: first.and_then(|comment| comment.database_id),
    }
}
