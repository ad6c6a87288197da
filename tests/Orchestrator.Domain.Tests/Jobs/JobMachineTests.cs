using Orchestrator.Domain.Jobs;

namespace Orchestrator.Domain.Tests.Jobs;

public class JobMachineTests
{
    public static TheoryData<JobState, JobCommand> Everything() =>
        new MatrixTheoryData<JobState, JobCommand>(Enum.GetValues<JobState>(), Enum.GetValues<JobCommand>()).Aggregate(
            new TheoryData<JobState, JobCommand>(), (data, row) =>
            {
                data.Add(row.Data.Item1, row.Data.Item2);
                return data;
            });

    [Theory]
    [MemberData(nameof(Everything))]
    public void Judge_Accepted_IsAMoveThatTheTableAllows(JobState state, JobCommand command)
    {
        var verdict = JobMachine.Judge(state, command);
        Assert.Equal(verdict.Accepted, verdict.Reason is null);
        Assert.True(verdict.Accepted ? JobMachine.CanMove(state, verdict.State) : verdict.State == state);
    }

    [Theory]
    [MemberData(nameof(Everything))]
    public void Judge_Repeated_IsAcceptedAgain(JobState state, JobCommand command)
    {
        var first = JobMachine.Judge(state, command);
        if (first.Accepted && command != JobCommand.Retry)
        {
            Assert.Equal(first, JobMachine.Judge(first.State, command));
        }
    }

    [Theory]
    [InlineData(JobCommand.Pause, "Pending Running Paused")]
    [InlineData(JobCommand.Resume, "Running Paused")]
    [InlineData(JobCommand.Cancel, "Pending Planning Running Paused Cancelling Cancelled")]
    [InlineData(JobCommand.Retry, "Cancelled SucceededWithFailures Failed")]
    public void Judge_Command_IsAcceptedExactlyIn(JobCommand command, string states) =>
        Assert.Equal(states, string.Join(' ', Enum.GetValues<JobState>().Where(state => JobMachine.Judge(state, command).Accepted)));

    [Fact]
    public void CanMove_FromSucceeded_Nowhere() =>
        Assert.Equal([JobState.Succeeded], Enum.GetValues<JobState>().Where(to => JobMachine.CanMove(JobState.Succeeded, to)));

    [Fact]
    public void NameOf_IsKebabCase() => Assert.Equal("succeeded-with-failures", JobMachine.NameOf(JobState.SucceededWithFailures));
}
