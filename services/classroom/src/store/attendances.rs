//! Open Watches, and the presence that follows from them.

use preau_kernel::access::Authorized;
use preau_kernel::clock::Timestamp;
use preau_kernel::ids::{AttendanceId, LeaseId};
use preau_storage_database::{Scope, params};

use super::change::Change;
use super::rows::part_number;
use super::{Store, retrying};
use crate::domain::{Happening, Lesson, Member, Presence};
use crate::error::Error;

/// One open Watch.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Attendance {
    pub(crate) id: AttendanceId,
    pub(crate) member: Member,
    /// Of the process that serves it.
    pub(crate) lease: LeaseId,
}

impl Store {
    /// Somebody is here.
    ///
    /// # Errors
    /// [`Refusal::LessonOver`](crate::domain::Refusal::LessonOver).
    pub(crate) async fn attend(
        &self,
        lesson: &Authorized<Lesson>,
        attendance: Attendance,
        now: Timestamp,
    ) -> Result<(), Error> {
        retrying(|| self.insert_attendance(lesson.get(), attendance, now)).await
    }

    async fn insert_attendance(
        &self,
        lesson: &Lesson,
        attendance: Attendance,
        now: Timestamp,
    ) -> Result<(), Error> {
        let mut change = Change::of_open(self, lesson, now).await?;
        let member = attendance.member;
        let (id, person) = (lesson.id.to_string(), member.person.to_string());
        let school = lesson.school.to_string();
        change
            .execute(
                "INSERT INTO attendances (attendance_id, lesson_id, person_id, school_id, lease_id)
                 VALUES ($1, $2, $3, $4, $5)",
                params![
                    attendance.id.to_string(),
                    &id,
                    &person,
                    &school,
                    attendance.lease.to_string(),
                ],
            )
            .await?;
        let came = change
            .execute(
                "INSERT INTO participants (lesson_id, person_id, school_id, part, presence)
                 VALUES ($1, $2, $3, $4, 1)
                 ON CONFLICT (lesson_id, person_id) DO UPDATE SET presence = 1, part = excluded.part
                 WHERE participants.presence <> 1",
                params![id, person, school, part_number(member.part)],
            )
            .await?;
        if came > 0 {
            let here = Happening::Presence(member, Presence::Here);
            change.publish(&here).await?;
        }
        Ok(change.commit().await?)
    }

    /// These Watches were closed; each counts until its time, in which whoever lost a connection comes back.
    pub(crate) async fn leave(&self, closed: &[(AttendanceId, Timestamp)]) -> Result<(), Error> {
        retrying(|| self.close_attendances(closed)).await
    }

    async fn close_attendances(&self, closed: &[(AttendanceId, Timestamp)]) -> Result<(), Error> {
        let mut tx = self.db.begin(Scope::Platform).await?;
        for (attendance, gone_at) in closed {
            tx.execute(
                "UPDATE attendances SET gone_at = $2 WHERE attendance_id = $1",
                params![attendance.to_string(), gone_at.0],
            )
            .await?;
        }
        Ok(tx.commit().await?)
    }
}
