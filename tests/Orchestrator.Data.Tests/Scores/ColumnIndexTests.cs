using Orchestrator.Data.Formats;
using Orchestrator.Data.Scores;
using Orchestrator.Tests.Shared;

namespace Orchestrator.Data.Tests.Scores;

public sealed class ColumnIndexTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void TryGet_DataCompMetadata_GivesEachUidItsScores()
    {
        // More rows than one run of the sort holds.
        const int Count = 300_000;
        Write("m.parquet", $"SELECT md5(i::VARCHAR) AS uid, 'text ' || i AS text, (i % 1000 / 1000.0)::FLOAT AS l14, CASE WHEN i % 7 = 0 THEN NULL ELSE i::DOUBLE END AS b32 FROM range({Count}) t(i)");
        using var index = Build("uid", ["l14", "b32"], "m.parquet");
        Assert.Equal((Count, 2), (index.Count, index.Scores));
        var scores = new float[2];
        for (var i = 0; i < Count; i += 997)
        {
            var uid = Convert.ToHexStringLower(Md5(i));
            Assert.True(index.TryGet(ColumnIndex.KeyOf(uid), scores));
            Assert.Equal((float)(i % 1000 / 1000.0), scores[0]);
            Assert.Equal(i % 7 == 0 ? float.NaN : i, scores[1]);
        }

        Assert.False(index.TryGet(ColumnIndex.KeyOf("no such text"), scores));
        Assert.False(index.TryGet(new SampleUid(ulong.MaxValue, ulong.MaxValue), scores));
        Assert.False(index.TryGet(default, scores));
    }

    [Fact]
    public void Build_SameRowsInOtherFilesAndOrder_GivesTheSameDigest()
    {
        Write("a.parquet", "SELECT 'https://x/' || i AS URL, (i / 7.0)::FLOAT AS similarity FROM range(5000) t(i)");
        Write("b1.parquet", "SELECT 'https://x/' || i AS URL, (i / 7.0)::FLOAT AS similarity FROM range(2500, 5000) t(i) ORDER BY i DESC");
        Write("b2.parquet", "SELECT 'https://x/' || i AS URL, (i / 7.0)::FLOAT AS similarity FROM range(2600) t(i)");
        using var one = Build("URL", ["similarity"], "a.parquet");
        using var other = Build("URL", ["similarity"], "b1.parquet", "b2.parquet");
        Assert.Equal(one.Sha256, other.Sha256);
        Assert.Equal(5000, other.Count);
    }

    [Theory]
    [InlineData("(0.5::FLOAT), (0.5)", 0.5f)]
    [InlineData("(0.5::FLOAT), (NULL)", 0.5f)]
    [InlineData("(NULL), (0.5::FLOAT), (0.25)", float.NaN)]
    [InlineData("(0.5::FLOAT), (0.25), (0.5)", float.NaN)]
    [InlineData("(0.5::FLOAT), ('nan'::FLOAT)", 0.5f)]
    public void TryGet_AKeyOnSeveralRows_GivesAScoreOnlyWhereTheyAgree(string values, float expected)
    {
        Write("m.parquet", $"SELECT 'k' AS key, s FROM (VALUES {values}) t(s)");
        using var index = Build("key", ["s"], "m.parquet");
        var scores = new float[1];
        Assert.True(index.TryGet(ColumnIndex.KeyOf("k"), scores));
        Assert.Equal((1, expected), (index.Count, scores[0]));
    }

    [Theory]
    [InlineData("TINYINT")]
    [InlineData("SMALLINT")]
    [InlineData("INTEGER")]
    [InlineData("BIGINT")]
    [InlineData("UTINYINT")]
    [InlineData("UINTEGER")]
    [InlineData("FLOAT")]
    [InlineData("DOUBLE")]
    public void Build_NumbersOfAnyWidth_AreScores(string type)
    {
        Write("m.parquet", $"SELECT 'k' AS key, 7::{type} AS s UNION ALL SELECT 'none', NULL");
        using var index = Build("key", ["s"], "m.parquet");
        var scores = new float[1];
        Assert.True(index.TryGet(ColumnIndex.KeyOf("k"), scores));
        Assert.Equal(7f, scores[0]);
        Assert.True(index.TryGet(ColumnIndex.KeyOf("none"), scores));
        Assert.True(float.IsNaN(scores[0]));
    }

    [Theory]
    [InlineData("SELECT 'k' AS key, 0.5::FLOAT AS other", "no column 's'", "key, other")]
    [InlineData("SELECT 'k' AS uid, 0.5::FLOAT AS s", "no column 'key'", "s, uid")]
    [InlineData("SELECT 'k' AS key, 'high' AS s", "'s' holds", "column of floats")]
    [InlineData("SELECT 'k' AS key, [0.5::FLOAT] AS s", "no column 's'", "key")]
    [InlineData("SELECT 'k' AS key, 0.5::DECIMAL(9, 3) AS s", "'s' holds", "column of floats")]
    [InlineData("SELECT 'k' AS key, DATE '2024-01-01' AS s", "'s' holds", "column of floats")]
    [InlineData("SELECT 5 AS key, 0.5::FLOAT AS s", "'key' holds", "column of text")]
    public void Build_AnotherTable_NamesFileFieldColumnAndRemedy(string query, string problem, string remedy)
    {
        Write("m.parquet", query);
        var fault = Fault("m.parquet");
        Assert.Equal(("metadata/m.parquet", "stages[1].from"), (fault.Subject, fault.Field));
        Assert.Contains(problem, fault.Problem, StringComparison.Ordinal);
        Assert.Contains(remedy, fault.Remedy, StringComparison.Ordinal);
        Assert.False(File.Exists(_folder.File("index")));
    }

    [Fact]
    public void Build_DamagedInTheMiddle_NamesTheFile()
    {
        Write("m.parquet", "SELECT md5(i::VARCHAR) AS key, random()::FLOAT AS s FROM range(20000) t(i)");
        var bytes = File.ReadAllBytes(_folder.File("m.parquet"));
        bytes.AsSpan(4, 4000).Fill(0xee);
        _folder.Put("m.parquet", bytes);
        Assert.Contains("metadata/m.parquet", Fault("m.parquet").ToString(), StringComparison.Ordinal);
        Assert.False(File.Exists(_folder.File("index")));
    }

    private DataFault Fault(string name) =>
        ColumnIndex.Build([new(_folder.File(name), "metadata/" + name)], "key", ["s"], "stages[1].from", _folder.File("index"), TestContext.Current.CancellationToken).Fault!;

    private ColumnIndex Build(string key, string[] columns, params string[] names)
    {
        var path = _folder.File($"index-{names[0]}");
        var built = ColumnIndex.Build([.. names.Select(n => new ColumnSource(_folder.File(n), n))], key, columns, "f", path, TestContext.Current.CancellationToken);
        Assert.True(built.Ok, built.Fault?.ToString());
        return ColumnIndex.Open(path);
    }

    private void Write(string name, string query) => DuckParquet.Write(_folder.File(name), query);

#pragma warning disable CA5351 // DuckDB's md5 makes the uids; nothing is secret.
    private static byte[] Md5(int i) => System.Security.Cryptography.MD5.HashData(System.Text.Encoding.UTF8.GetBytes(i.ToString(System.Globalization.CultureInfo.InvariantCulture)));
#pragma warning restore CA5351
}
