//! Lessons: started, found, read, ended.

use std::collections::{HashMap, HashSet};

use preau_kernel::access::Authorized;
use preau_kernel::failure::Failure;
use preau_kernel::ids::{ClassId, LessonId, PersonId};
use preau_rpc::Incoming;
use preau_storage_database::events::Cursor;

use super::{Lessons, Reached};
use crate::domain::{Focus, Lesson, Member, MyClass, Participant, Presence, Push, Receipt};
use crate::error::Error;

/// Lessons of one answer at most: the caller's classes are no more.
const MAX_LISTED: usize = 200;

/// A lesson as it stands, for one viewer.
pub(crate) struct Snapshot {
    pub(crate) lesson: Lesson,
    pub(crate) participants: Vec<Participant>,
    pub(crate) focus: Option<Focus>,
    pub(crate) pushed: Vec<(Push, Vec<Receipt>)>,
    pub(crate) cursor: Cursor,
}

impl Lessons {
    /// Starts a lesson of a class that the caller teaches, or answers the one that the caller is giving it.
    pub(crate) async fn start(&self, incoming: &Incoming, class: ClassId) -> Result<Lesson, Error> {
        let caller = incoming.caller()?;
        let mine = self.roster.my_classes(incoming.call()).await?;
        let class = mine
            .into_iter()
            .find(|mine| mine.id == class)
            .ok_or_else(|| Failure::not_found("class"))?;
        let class: Authorized<MyClass> = caller.authorize_hidden("class", &class.facts(), class)?;
        let teacher = caller.principal().person;
        let lesson = self.store.start(&class, teacher, self.now()).await?;
        tracing::info!(lesson = %lesson.id, class = %lesson.class, by = %teacher, "a lesson goes on");
        Ok(lesson)
    }

    /// The lessons that are not over of the caller's classes.
    pub(crate) async fn list(&self, incoming: &Incoming) -> Result<Vec<Lesson>, Error> {
        let caller = incoming.caller()?;
        caller.authorize_self()?;
        let mine = self.roster.my_classes(incoming.call()).await?;
        // Being in a list of a school one has left is no right.
        let reached = mine
            .iter()
            .filter(|class| caller.principal().reaches(&class.facts()));
        let (classes, schools): (HashSet<_>, HashSet<_>) =
            reached.map(|class| (class.id, class.school)).unzip();
        let mut lessons = Vec::new();
        for school in schools {
            let open = self.store.open_lessons(school, self.now()).await?;
            lessons.extend(
                open.into_iter()
                    .filter(|lesson| classes.contains(&lesson.class)),
            );
        }
        lessons.sort_by_key(|lesson| lesson.id);
        lessons.truncate(MAX_LISTED);
        Ok(lessons)
    }

    /// A lesson as it stands, as far as the caller may see it.
    pub(crate) async fn get(&self, incoming: &Incoming, id: LessonId) -> Result<Snapshot, Error> {
        let Reached { lesson, caller } = self.reach(incoming, id).await?;
        // First: what happens from here on is told by Watch, or twice.
        let cursor = self.store.last_cursor(&lesson).await?;
        let known = self.store.participants(&lesson).await?;
        let mut pushed = self.store.pushes(&lesson).await?;
        for (_, receipts) in &mut pushed {
            receipts.retain(|receipt| caller.sees_receipt(receipt));
        }
        let members = self
            .roster
            .members(incoming.call(), lesson.get().class)
            .await?;
        let hands = places(
            known
                .iter()
                .filter_map(|(person, (_, hand))| Some((*person, (*hand)?))),
        );
        let participant = |member: Member| Participant {
            member,
            presence: known
                .get(&member.person)
                .map_or(Presence::Absent, |(presence, _)| *presence),
            hand: hands.get(&member.person).copied().unwrap_or_default(),
        };
        let seen = members
            .into_iter()
            .filter(|member| caller.sees_member(*member));
        let participants = seen.map(participant).collect();
        // Read again, after the cursor: what the look-up found may be older than it.
        let lesson = match self.store.lesson(id).await? {
            Some(latest) => latest,
            None => lesson.into_inner(),
        };
        Ok(Snapshot {
            participants,
            focus: lesson.focus_at(self.now()).cloned(),
            pushed,
            cursor,
            lesson,
        })
    }

    /// Ends a lesson for everybody.
    pub(crate) async fn end(&self, incoming: &Incoming, id: LessonId) -> Result<(), Error> {
        let Reached { lesson, caller } = self.reach(incoming, id).await?;
        self.store.end(&lesson, self.now()).await?;
        tracing::info!(lesson = %id, by = %caller.person, "a lesson is over");
        Ok(())
    }
}

/// Places from 1, by the revision at which each hand was raised.
fn places(raised: impl Iterator<Item = (PersonId, i64)>) -> HashMap<PersonId, u32> {
    let mut raised: Vec<_> = raised.collect();
    raised.sort_by_key(|(_, revision)| *revision);
    let people = raised.into_iter().map(|(person, _)| person);
    people.zip(1..).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hand_raised_first_is_the_first() {
        let [ada, ben, cléo] = [(); 3].map(|()| PersonId::new());
        let hands = places([(ada, 7), (ben, 3), (cléo, 9)].into_iter());
        assert_eq!((hands[&ben], hands[&ada], hands[&cléo]), (1, 2, 3));
    }
}
