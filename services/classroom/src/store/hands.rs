//! Raised hands.

use preau_kernel::access::Authorized;
use preau_kernel::clock::Timestamp;
use preau_storage_database::params;

use super::change::Change;
use super::rows::part_number;
use super::{Store, retrying};
use crate::domain::{Happening, Lesson, Member};
use crate::error::Error;

impl Store {
    /// Raises or lowers somebody's hand; nothing when it is so already.
    ///
    /// # Errors
    /// [`Refusal::LessonOver`](crate::domain::Refusal::LessonOver).
    pub(crate) async fn set_hand(
        &self,
        lesson: &Authorized<Lesson>,
        member: Member,
        raised: bool,
        now: Timestamp,
    ) -> Result<(), Error> {
        retrying(|| self.change_hand(lesson.get(), member, raised, now)).await
    }

    async fn change_hand(
        &self,
        lesson: &Lesson,
        member: Member,
        raised: bool,
        now: Timestamp,
    ) -> Result<(), Error> {
        let mut change = Change::of_open(self, lesson, now).await?;
        let (id, person) = (lesson.id.to_string(), member.person.to_string());
        let changed = if raised {
            let revision = change.revision();
            change
                .execute(
                    "INSERT INTO participants (lesson_id, person_id, school_id, part, presence, hand)
                     VALUES ($1, $2, $3, $4, 3, $5)
                     ON CONFLICT (lesson_id, person_id) DO UPDATE SET hand = excluded.hand
                     WHERE participants.hand IS NULL",
                    params![
                        id,
                        person,
                        lesson.school.to_string(),
                        part_number(member.part),
                        revision,
                    ],
                )
                .await?
        } else {
            change
                .execute(
                    "UPDATE participants SET hand = NULL
                     WHERE lesson_id = $1 AND person_id = $2 AND hand IS NOT NULL",
                    params![id, person],
                )
                .await?
        };
        if changed == 0 {
            return Ok(());
        }
        change.publish(&Happening::Hand { member, raised }).await?;
        Ok(change.commit().await?)
    }
}
