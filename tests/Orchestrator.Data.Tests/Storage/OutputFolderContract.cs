using Orchestrator.Data.Storage;

namespace Orchestrator.Data.Tests.Storage;

/// <summary>What every output folder does, stated once and run by each kind.</summary>
public abstract class OutputFolderContract : IDisposable
{
    private const string Relative = ".work/score/000000/attempt-1/part";

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
    public async Task Place_AFileThatNobodyKept_SaysToSubmitAgain()
    {
        var output = await OpenAsync();
        output.Write("other", s => s.Write("x"u8));
        var fault = Assert.Throws<InvalidDataException>(() => output.Place(Relative, "00000000.tar", FileDigest.Of("hello"u8)));
        Assert.Contains("submit the job again", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task IsFinished_OnlyWithTheManifestAndWithoutWork()
    {
        var output = await OpenAsync();
        Assert.False(output.IsFinished("manifest.json"));
        var digest = Keep(output, "hello");
        output.Place(Relative, "00000000.tar", digest);
        Keep(output, "left over");
        output.Commit("manifest.json", "{}"u8.ToArray(), null);
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
        Keep(output, "another", ".work/score/000000/attempt-2/part");
        output.Discard(".work/score/000000/attempt-1");
        output.Discard(".work/score/000000/attempt-1");
        Assert.Equal([".work/score/000000/attempt-2/part"], Names());
        output.Delete("never there");
    }

    [Fact]
    public async Task Write_AContentThatFails_LeavesNothing()
    {
        var output = await OpenAsync();
        Assert.Throws<InvalidOperationException>(() => output.Write("quarantine.jsonl", _ => throw new InvalidOperationException("broken")));
        Assert.Null(output.Read("quarantine.jsonl"));
        Assert.Empty(Names());
    }

    /// <summary>Every name below the output folder, in order.</summary>
    protected abstract IReadOnlyList<string> Names();

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
    protected override Task<IOutputFolder> OpenAsync() => Task.FromResult(new LocalStorage().OpenOutput(Folder.File("out")));

    protected override IReadOnlyList<string> Names() => Directory.Exists(Folder.File("out"))
        ? [.. new LocalStorage().List(Folder.File("out")).Select(f => Path.GetRelativePath(Folder.File("out"), f.Path))]
        : [];

    [Fact]
    public async Task Finish_RemovesWhatKilledWritersLeft_AndNothingElse()
    {
        var output = await OpenAsync();
        Keep(output, "left over");
        output.Write("scores/part-00000.parquet", s => s.Write("x"u8));
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

    [Fact]
    public async Task Write_AfterFinish_ChangesNothing()
    {
        var output = await OpenAsync();
        Keep(output, "left over");
        var first = output.Write("quarantine.jsonl", s => s.Write("whole"u8));
        output.Finish();

        Assert.Equal(first, output.Write("quarantine.jsonl", _ => throw new InvalidOperationException("late")));
        Assert.Equal(["quarantine.jsonl"], Names());
    }
}
