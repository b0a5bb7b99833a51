//! What devices are called, told and say, what they prove themselves with, and what is shown in a lesson.

use anyhow::Context as _;
use preau_harness::{Device, Failure, Invitation, Person, Platform, certificate_request};
use preau_proto::classroom::v1::lesson_service_client::LessonServiceClient;
use preau_proto::classroom::v1::{
    HoldFocusRequest, PushRequest, StartLessonRequest, push_request::What as Pushed,
};
use preau_proto::devices::v1::action::{Lock, Message, What};
use preau_proto::devices::v1::agent_service_client::AgentServiceClient;
use preau_proto::devices::v1::fleet_service_client::FleetServiceClient;
use preau_proto::devices::v1::{
    AcknowledgeRequest, Action, CommandState, EnrollRequest, IssueCommandRequest, SignInRequest,
    WatchRequest,
};
use preau_proto::roster::v1::ListMyClassesRequest;

use super::{in_full, no_line_holds};

/// Words that nothing but these requests could bring into a log.
const CANARIES: [&str; 8] = [
    "Tablette-Canari",
    "Modele-Canari",
    "Message-Canari",
    "Notice-Canari",
    "Raison-Canari",
    "exemple-canari.fr",
    "Titre-Canari",
    "Attention-Canari",
];

#[tokio::test]
async fn what_devices_are_told_and_prove_themselves_with_stays_out_of_the_logs()
-> anyhow::Result<()> {
    let platform = in_full().await?;
    let (login, password) = platform.operator()?;
    let operator = Person::sign_in(platform.gateway(), &login, &password).await?;
    let admin = platform.admin().await?;
    let me = admin
        .directory()
        .get_me(preau_proto::identity::v1::GetMeRequest {})
        .await?;
    let school = me.into_inner().person.context("a person")?.school_id;
    let invitation = Invitation::create(&operator, &school, 2).await?;
    enrol(&platform, &invitation.secret).await?;
    let device = Device::enroll(platform.gateway(), &invitation.secret).await??;
    let assertion = device.assertion(50)?;
    let caller = sign_in_twice(&platform, &device, &assertion).await?;
    obey(&operator, &caller, &device.id).await?;
    teach(&platform).await?;

    let groups: Vec<String> = invitation.secret.split('-').map(str::to_owned).collect();
    let typed = groups.concat();
    let signature = assertion.rsplit('.').next().context("three parts")?;
    let session = caller.token().to_owned();
    let (end, _) = platform.terminate().await?;
    assert_eq!(end.code, Some(0));
    let secrets = [&invitation.secret, &typed, signature, &session];
    no_line_holds(&end.stderr, CANARIES.into_iter().chain(secrets));
    Ok(())
}

/// Refused for its token, and enrolled.
async fn enrol(platform: &Platform, secret: &str) -> anyhow::Result<()> {
    let [name, model, ..] = CANARIES;
    let mut request = EnrollRequest {
        token: format!("{secret}0"),
        certificate_request: certificate_request(&rcgen::KeyPair::generate()?)?,
        name: name.into(),
        model: model.into(),
        ..EnrollRequest::default()
    };
    let mut agents = AgentServiceClient::new(preau_harness::connect(platform.gateway()).await?);
    Failure::of(agents.enroll(request.clone()).await);
    request.token = secret.into();
    agents.enroll(request).await?;
    Ok(())
}

/// Signed in, and refused for saying it again.
async fn sign_in_twice(
    platform: &Platform,
    device: &Device,
    assertion: &str,
) -> anyhow::Result<Person> {
    let request = SignInRequest {
        assertion: assertion.to_owned(),
    };
    let mut agents = AgentServiceClient::new(preau_harness::connect(platform.gateway()).await?);
    let session = agents.sign_in(request.clone()).await?.into_inner();
    Failure::of(agents.sign_in(request).await);
    Person::of_session(platform.gateway(), session.session_token, device.id.clone()).await
}

/// Told twice, refused under the same key, and answered for.
async fn obey(operator: &Person, caller: &Person, device_id: &str) -> anyhow::Result<()> {
    let [_, _, text, notice, reason, ..] = CANARIES;
    let mut fleet = FleetServiceClient::new(operator.caller());
    let order = |key: &str, what| IssueCommandRequest {
        device_id: device_id.to_owned(),
        idempotency_key: key.to_owned(),
        action: Some(Action { what: Some(what) }),
        time_to_live: None,
    };
    let message = |text: String| What::Message(Message { text });
    let lock = What::Lock(Lock {
        notice: notice.into(),
    });
    fleet
        .issue_command(order("un", message(text.into())))
        .await?;
    fleet.issue_command(order("deux", lock.clone())).await?;
    Failure::of(fleet.issue_command(order("un", lock)).await);
    let long = message(text.repeat(100));
    Failure::of(fleet.issue_command(order("trois", long)).await);

    let mut agent = AgentServiceClient::new(caller.caller());
    let mut told = agent.watch(WatchRequest { cursor: 0 }).await?.into_inner();
    let told = told.message().await?.context("an answer")?.commands;
    anyhow::ensure!(told.len() == 2, "{told:?}");
    for (command, state) in told
        .into_iter()
        .zip([CommandState::NotNow, CommandState::Failed])
    {
        let request = AcknowledgeRequest {
            command_id: command.command_id,
            state: state.into(),
            reason: reason.into(),
        };
        agent.acknowledge(request).await?;
    }
    Ok(())
}

/// A link, one that is none, and a focus.
async fn teach(platform: &Platform) -> anyhow::Result<()> {
    let [.., host, title, attention] = CANARIES;
    let [class, ..] = platform.classes();
    let teacher = platform.teacher(&class).await?;
    let classes = teacher
        .classes()
        .list_my_classes(ListMyClassesRequest {})
        .await?;
    let mine = classes.into_inner().classes.into_iter().next();
    let class_id = mine
        .and_then(|mine| mine.class)
        .context("a class")?
        .class_id;
    let mut lessons = LessonServiceClient::new(teacher.caller());
    let started = lessons
        .start_lesson(StartLessonRequest { class_id })
        .await?;
    let lesson_id = started.into_inner().lesson.context("a lesson")?.lesson_id;
    let push = |push_id: &str, link: String| PushRequest {
        lesson_id: lesson_id.clone(),
        push_id: push_id.to_owned(),
        title: title.into(),
        what: Some(Pushed::Link(link)),
    };
    let [one, other] = ["1", "2"].map(|last| format!("01890000-0000-7000-8000-00000000000{last}"));
    lessons
        .push(push(&one, format!("https://{host}/12")))
        .await?;
    Failure::of(lessons.push(push(&other, format!("ftp://{host}/12"))).await);
    let message = attention.into();
    lessons
        .hold_focus(HoldFocusRequest { lesson_id, message })
        .await?;
    Ok(())
}
