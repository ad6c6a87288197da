using Orchestrator.Data.Storage;

namespace Orchestrator.Data.Tests.Storage;

public sealed class SpoolTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Fetch_Twice_DownloadsOnce()
    {
        using var spool = new Spool(_folder.Path, 1000);
        using var pins = new SpoolPins();
        var downloads = 0;
        var paths = Enumerable.Range(0, 3).Select(_ => spool.Fetch("a", to => Download(to, 10, ref downloads), pins)).ToList();
        Assert.Equal(1, downloads);
        Assert.Single(paths.Distinct());
        Assert.Equal(10, new FileInfo(paths[0]).Length);
    }

    [Fact]
    public void Fetch_BeyondTheBound_KeepsWhatIsInUseAndDropsTheOldest()
    {
        using var spool = new Spool(_folder.Path, 25);
        var downloads = 0;
        string Fetch(string key, SpoolPins pins) => spool.Fetch(key, to => Download(to, 10, ref downloads), pins);

        using var held = new SpoolPins();
        var a = Fetch("a", held);
        using (var pins = new SpoolPins())
        {
            Fetch("b", pins);
            Fetch("c", pins);
            Assert.Equal(30, spool.CachedBytes);
        }

        Assert.Equal(20, spool.CachedBytes);
        Assert.True(File.Exists(a));
        using var again = new SpoolPins();
        Fetch("c", again);
        Assert.Equal(3, downloads);
        Fetch("b", again);
        Assert.Equal(4, downloads);
    }

    [Fact]
    public void Fetch_ADownloadThatFails_IsTriedAgain()
    {
        using var spool = new Spool(_folder.Path, 1000);
        var downloads = 0;
        using (var pins = new SpoolPins())
        {
            Assert.Throws<IOException>(() => spool.Fetch("a", _ => throw new IOException("gone"), pins));
        }

        using var second = new SpoolPins();
        Assert.True(File.Exists(spool.Fetch("a", to => Download(to, 10, ref downloads), second)));
        Assert.Equal(10, spool.CachedBytes);
    }

    [Fact]
    public void NewSpool_OfFoldersLeftByTheDead_DeletesThemAndNotThoseOfTheLiving()
    {
        using var living = new Spool(_folder.Path, 1000);
        using var pins = new SpoolPins();
        var downloads = 0;
        var held = living.Fetch("a", to => Download(to, 10, ref downloads), pins);
        var dead = _folder.File(Guid.NewGuid().ToString("N"));
        Directory.CreateDirectory(Path.Combine(dead, "cache"));
        File.WriteAllText(Path.Combine(dead, "cache", "x"), "left");
        _folder.Put("not-ours/file");

        using var next = new Spool(_folder.Path, 1000);
        Assert.False(Directory.Exists(dead));
        Assert.True(File.Exists(held));
        Assert.True(File.Exists(_folder.File("not-ours/file")));
    }

    private static void Download(string to, int bytes, ref int count)
    {
        count++;
        File.WriteAllBytes(to, new byte[bytes]);
    }
}
