using Orchestrator.Data.Storage;

namespace Orchestrator.Data.Tests.Storage;

/// <summary>What every output folder does, stated once and run by each kind.</summary>
public abstract class OutputFolderContract : IDisposable
{
    protected const string Work = ".work/job-1";
    private const string Other = ".work/job-1/score/000000/attempt-2/part";
    protected const string Relative = ".work/job-1/score/000000/attempt-1/part";

    protected TemporaryFolder Folder { get; } = new();

    protected abstract Task<IOutputFolder> OpenAsync();

    public virtual void Dispose()
    {
        Folder.Dispose();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task Keep_ThenPlace_GivesTheFinalNameAndMayBeRepeated()
    {
        var output = await OpenAsync();
        var digest = Keep(output, "hello");
        using var pins = new SpoolPins();
        Assert.Equal("hello", await File.ReadAllTextAsync(output.Fetch(Relative, digest, pins), TestContext.Current.CancellationToken));
        Assert.Null(output.Read("scores/part-00000.parquet"));

        output.Place(Relative, "scores/part-00000.parquet", digest);
        output.Place(Relative, "scores/part-00000.parquet", digest);
        Assert.Equal("hello"u8.ToArray(), output.Read("scores/part-00000.parquet")!.Bytes);
    }

    [Fact]
    public async Task Place_AFileThatNobodyKept_IsSpoilt()
    {
        var output = await OpenAsync();
        Keep(output, "x", Other);
        var fault = Assert.Throws<SpoiltFileException>(() => output.Place(Relative, "00000000.tar", FileDigest.Of("hello"u8)));
        Assert.Equal(Relative, fault.Relative);
        Assert.Contains(Relative, fault.Message, StringComparison.Ordinal);
        Assert.Null(output.Read("00000000.tar"));
    }

    /// <summary>A kept file is believed only with its digest, where it is read and where it is published.</summary>
    [Theory]
    [InlineData("hullo")]
    [InlineData("hell")]
    [InlineData("")]
    public async Task FetchAndPlace_AFileThatSomebodyChanged_AreRefused(string other)
    {
        var output = await OpenAsync();
        var digest = Keep(output, "hello");
        await ReplaceAsync(Relative, other);
        using var pins = new SpoolPins();
        foreach (var fault in (SpoiltFileException[])
            [Assert.Throws<SpoiltFileException>(() => output.Fetch(Relative, digest, pins)), Assert.Throws<SpoiltFileException>(() => output.Place(Relative, "00000000.tar", digest))])
        {
            Assert.Equal(Relative, fault.Relative);
            Assert.Contains(digest.Sha256, fault.Message, StringComparison.Ordinal);
        }

        Assert.Null(output.Read("00000000.tar"));
    }

    [Fact]
    public async Task Place_OfAFileThatHasItsNameAndWasChangedThere_IsSpoilt()
    {
        var output = await OpenAsync();
        var digest = Keep(output, "hello");
        output.Place(Relative, "00000000.tar", digest);
        output.Discard(Work);
        output.Place(Relative, "00000000.tar", digest);
        Assert.True(output.Has(Relative, "00000000.tar", digest));
        await ReplaceAsync("00000000.tar", "jello");
        Assert.Throws<SpoiltFileException>(() => output.Place(Relative, "00000000.tar", digest));
    }

    [Fact]
    public async Task Has_LooksForItsOwnAndItsFinalNameByLength()
    {
        var output = await OpenAsync();
        var digest = Keep(output, "hello");
        Assert.True(output.Has(Relative, "", digest));
        Assert.False(output.Has(Relative, "a.tar", digest with { Bytes = 4 }));
        Assert.False(output.Has(Other, "a.tar", digest));
        output.Place(Relative, "a.tar", digest);
        Assert.True(output.Has(Other, "a.tar", digest));
    }

    /// <summary>What an ended job kept goes; what is published, and what another job keeps beside it, stays.</summary>
    [Fact]
    public async Task Clear_DeletesThisJobsPlaceAndNothingElse()
    {
        const string Strangers = ".work/job-2/score/000000/attempt-1/part";
        var output = await OpenAsync();
        output.Place(Relative, "a.tar", Keep(output, "hello"));
        Keep(output, "left over");
        Keep(output, "another's", Strangers);
        output.Clear();
        output.Clear();
        Assert.Equal([Strangers, "a.tar"], Names().Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task IsFinished_OnlyWithTheManifestAndWithoutWork()
    {
        var output = await OpenAsync();
        Assert.False(output.IsFinished("manifest.json"));
        var digest = Keep(output, "hello");
        output.Place(Relative, "00000000.tar", digest);
        Keep(output, "left over");
        output.Commit(AttemptOf(output), "manifest.json", "{}"u8.ToArray(), null);
        Assert.False(output.IsFinished("manifest.json"));

        output.Finish();
        Assert.True(output.IsFinished("manifest.json"));
        output.Finish();
        Assert.Equal("{}"u8.ToArray(), output.Read("manifest.json")!.Bytes);
        Assert.Equal("hello"u8.ToArray(), output.Read("00000000.tar")!.Bytes);
        Assert.Equal(["00000000.tar", "manifest.json"], Names());
    }

    [Fact]
    public async Task Discard_RemovesTheAttemptAndNothingElse()
    {
        var output = await OpenAsync();
        Keep(output, "hello");
        Keep(output, "another", ".work/job-1/score/000000/attempt-2/part");
        output.Discard(".work/job-1/score/000000/attempt-1");
        output.Discard(".work/job-1/score/000000/attempt-1");
        Assert.Equal([".work/job-1/score/000000/attempt-2/part"], Names());
        output.Delete("never there");
    }

    /// <summary>Every name below the output folder, in order.</summary>
    protected abstract IReadOnlyList<string> Names();

    /// <summary>Somebody else writes over a file.</summary>
    protected abstract Task ReplaceAsync(string relative, string text);

    /// <summary>The folder of an attempt at work.</summary>
    protected static string AttemptOf(IOutputFolder output) =>
        Path.GetRelativePath(output.Scratch, AttemptFolder.Create(Path.Combine(output.Scratch, Work), "publish", 0, 1).Path);

    protected static FileDigest Keep(IOutputFolder output, string text, string relative = Relative)
    {
        var bytes = System.Text.Encoding.UTF8.GetBytes(text);
        var digest = AtomicFile.Write(Path.Combine(output.Scratch, relative), bytes);
        output.Keep(relative, digest);
        return digest;
    }
}

public sealed class LocalOutputFolderTests : OutputFolderContract
{
    protected override Task<IOutputFolder> OpenAsync() => Task.FromResult(new LocalStorage().OpenOutput(Folder.File("out"), "job-1"));

    protected override IReadOnlyList<string> Names() => Directory.Exists(Folder.File("out"))
        ? [.. new LocalStorage().List(Folder.File("out")).Select(f => Path.GetRelativePath(Folder.File("out"), f.Path))]
        : [];

    [Fact]
    public async Task Finish_RemovesWhatKilledWritersLeft_AndNothingElse()
    {
        var output = await OpenAsync();
        Keep(output, "left over");
        output.Place(Relative, "scores/part-00000.parquet", Keep(output, "x"));
        string[] leftBehind = [Folder.File("out/.sample_ids.npy.82f46ae9f84a.tmp"), Folder.File("out/scores/.part-00000.parquet.0123456789ab.tmp")];
        string[] others = [Folder.File("out/.notes.tmp"), Folder.File("out/a.82f46ae9f84a.tmp")];
        foreach (var file in leftBehind.Concat(others))
        {
            await File.WriteAllTextAsync(file, "half", TestContext.Current.CancellationToken);
        }

        output.Finish();
        Assert.DoesNotContain(leftBehind, File.Exists);
        Assert.All(others, file => Assert.True(File.Exists(file)));
    }

    /// <summary>
    /// An attempt that outlived its job: its place was cleared, and another job publishes into the folder. Whatever step it goes on
    /// with, it ends in an error and changes nothing.
    /// </summary>
    [Fact]
    public async Task LateAttempt_AfterItsJobWasCleared_CannotPublish()
    {
        var late = await OpenAsync();
        var digest = Keep(late, "late");
        var attempt = AttemptOf(late);
        late.Clear();
        var next = new LocalStorage().OpenOutput(Folder.File("out"), "job-2");
        const string Own = ".work/job-2/write/000000/attempt-1/shard.tar";
        next.Place(Own, "00000000.tar", Keep(next, "next", Own));
        next.Commit(Path.GetRelativePath(next.Scratch, AttemptFolder.Create(Folder.File("out/.work/job-2"), "publish", 0, 1).Path), "manifest.json", "{}"u8.ToArray(), null);

        Assert.Throws<SpoiltFileException>(() => late.Place(Relative, "00000001.tar", digest));
        Assert.Throws<DirectoryNotFoundException>(() => late.Commit(attempt, "manifest.json", "[]"u8.ToArray(), null));
        Assert.Throws<DirectoryNotFoundException>(() => AtomicFile.CreateBeside(Path.Combine(late.Scratch, attempt, "sizes.json")));
        if (late.IsFinished("manifest.json"))
        {
            late.Finish();
        }

        late.Discard(attempt);
        Assert.Equal("next"u8.ToArray(), next.Read("00000000.tar")!.Bytes);
        Assert.Equal("{}"u8.ToArray(), next.Read("manifest.json")!.Bytes);
        Assert.True(Directory.Exists(Folder.File("out/.work/job-2")), "a late attempt took another job's place away");
    }

    [Fact]
    public async Task Clear_WhileAnAttemptWrites_TakesItsFileAway()
    {
        var output = await OpenAsync();
        var attempt = AttemptOf(output);
        using var half = AtomicFile.CreateBeside(Path.Combine(output.Scratch, attempt, "sizes.json"));
        half.Stream.Write("half"u8);
        output.Clear();
        Assert.ThrowsAny<IOException>(() => half.Commit());
        Assert.Empty(Names());
    }

    protected override async Task ReplaceAsync(string relative, string text) =>
        await File.WriteAllTextAsync(Folder.File($"out/{relative}"), text, TestContext.Current.CancellationToken);
}
