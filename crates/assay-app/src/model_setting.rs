//! What an organisation has set about language models: whether its reviews ask them, for
//! what, and what that may cost.

use assay_llm::{BudgetHolder, BudgetLimit, Money};
use assay_review::{Agents, Concern, FixLimits};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};

/// The name of the setting.
pub(crate) const SETTING: &str = "model";

/// An amount of dollars as a person writes it, such as `"2.50"`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Dollars(Money);

impl<'de> Deserialize<'de> for Dollars {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        let money = Money::from_dollars(&text);
        let wrong =
            || D::Error::custom(format!("`{text}` is no amount in dollars such as \"0.50\""));
        money.map(Self).ok_or_else(wrong)
    }
}

/// The limits of those who have days and months.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct HolderLimits {
    day: Option<Dollars>,
    day_soft: Option<Dollars>,
    month: Option<Dollars>,
    month_soft: Option<Dollars>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Budgets {
    review: Option<Dollars>,
    review_soft: Option<Dollars>,
    organisation: HolderLimits,
    repository: HolderLimits,
    user: HolderLimits,
}

/// The setting.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct ModelSetting {
    /// Whether reviews ask models.
    pub(crate) review: bool,
    /// Whether models answer questions about repositories.
    pub(crate) ask: bool,
    /// Whether models write fixes: for the command `fix`, and in reviews that ask models.
    pub(crate) fix: bool,
    /// Findings of a run that models may mend.
    pub(crate) fixes_max: Option<FixesMax>,
    /// Whether agents may talk about reviews.
    pub(crate) discuss: bool,
    /// Who talks, as YAML; the usual agents if none.
    pub(crate) agents: Option<AgentsText>,
    /// What is looked for.
    concerns: Option<Vec<ConcernName>>,
    /// Whether each remark is judged by itself.
    pub(crate) judge: Option<bool>,
    /// Remarks of a review at most.
    pub(crate) remarks_max: Option<usize>,
    budget: Budgets,
}

/// How many findings models may mend.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FixesMax(pub(crate) usize);

impl<'de> Deserialize<'de> for FixesMax {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let count = usize::deserialize(from)?;
        let most = FixLimits::FINDINGS_MAX;
        match (1..=most).contains(&count) {
            true => Ok(Self(count)),
            false => Err(D::Error::custom(format!("`fixes_max` is 1 to {most}"))),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct ConcernName(Concern);

impl<'de> Deserialize<'de> for ConcernName {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        let known = Concern::ALL.map(Concern::name).join(", ");
        let wrong = || {
            D::Error::custom(format!(
                "`{text}` is no concern of reviewers (known: {known})"
            ))
        };
        Concern::from_name(&text).map(Self).ok_or_else(wrong)
    }
}

/// Agents as YAML that was read and made sense.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct AgentsText(pub(crate) String);

impl<'de> Deserialize<'de> for AgentsText {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        Agents::parse(&text).map_err(D::Error::custom)?;
        Ok(Self(text))
    }
}

fn limit(soft: Option<Dollars>, hard: Option<Dollars>) -> BudgetLimit {
    BudgetLimit {
        soft: soft.map(|Dollars(money)| money),
        hard: hard.map(|Dollars(money)| money),
    }
}

impl ModelSetting {
    /// Returns what is looked for, when somebody said so.
    pub(crate) fn concerns(&self) -> Option<Vec<Concern>> {
        let concerns = self.concerns.as_ref()?;
        Some(concerns.iter().map(|ConcernName(one)| *one).collect())
    }

    /// Returns the limit of one review.
    pub(crate) fn review_limit(&self) -> BudgetLimit {
        limit(self.budget.review_soft, self.budget.review)
    }

    /// Returns whose days and months a review is out of, by what each is known and
    /// called: the organisation, the repository, and whose change it is.
    pub(crate) fn holders(
        &self,
        organisation: &str,
        repository: (&str, &str),
        user: Option<&str>,
    ) -> Vec<BudgetHolder> {
        let holder = |key: String, name: String, limits: HolderLimits| BudgetHolder {
            key,
            name,
            day: limit(limits.day_soft, limits.day),
            month: limit(limits.month_soft, limits.month),
        };
        let mut holders = vec![
            holder(
                format!("organisation:{organisation}"),
                "the organisation".to_owned(),
                self.budget.organisation,
            ),
            holder(
                format!("repository:{}", repository.0),
                repository.1.to_owned(),
                self.budget.repository,
            ),
        ];
        holders.extend(user.map(|user| {
            holder(
                format!("user:{organisation}:{user}"),
                format!("changes of {user}"),
                self.budget.user,
            )
        }));
        holders
    }
}

#[cfg(test)]
mod tests {
    use assay_llm::Money;
    use serde_json::json;

    use super::ModelSetting;

    #[test]
    fn a_setting_that_makes_no_sense_is_refused() {
        for (value, why) in [
            (json!({"reviews": true}), "unknown field"),
            (json!({"concerns": ["style"]}), "no concern"),
            (json!({"fixes_max": 0}), "`fixes_max` is 1 to"),
            (json!({"budget": {"review": "1e3"}}), "no amount"),
            (
                json!({"agents": "version: 2\nagents: []"}),
                "`version` is 1",
            ),
            (json!({"budget": {"user": {"year": "1"}}}), "unknown field"),
        ] {
            let said = serde_json::from_value::<ModelSetting>(value).unwrap_err();
            assert!(said.to_string().contains(why), "{said}");
        }
        let setting = json!({"review": true, "budget": {"repository": {"day": "2"}}});
        let setting: ModelSetting = serde_json::from_value(setting).unwrap();
        let holders = setting.holders("o", ("r", "a/b"), Some("u"));
        assert_eq!(holders.len(), 3);
        assert_eq!(holders[1].day.hard, Money::from_dollars("2"));
        assert_eq!((holders[0].day.hard, holders[2].month.hard), (None, None));
    }
}
