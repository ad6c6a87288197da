using System.Text;
using System.Text.Json;
using Orchestrator.Data.Formats;

namespace Orchestrator.Data.Tests.Formats;

public sealed class SampleJsonTests
{
    private static readonly KeyValuePair<string, float>[] Clip = [new("clip", 0.31f)];

    [Theory]
    [InlineData("{}", "{\"scores\": {\"clip\":0.31}}")]
    [InlineData("{ \n }", "{\"scores\": {\"clip\":0.31} \n }")]
    [InlineData("{\"a\":1}", "{\"a\":1,\"scores\": {\"clip\":0.31}}")]
    [InlineData("{\"a\": 1 }\n", "{\"a\": 1,\"scores\": {\"clip\":0.31} }\n")]
    [InlineData("{\n    \"a\": [1, {\"scores\": 2}]\n}", "{\n    \"a\": [1, {\"scores\": 2}],\n    \"scores\": {\"clip\":0.31}\n}")]
    [InlineData("{\"a\":1.0e5,\"a\":\"\\u00e9\\/\",\"big\":123456789012345678901234567890}", "{\"a\":1.0e5,\"a\":\"\\u00e9\\/\",\"big\":123456789012345678901234567890,\"scores\": {\"clip\":0.31}}")]
    [InlineData("\uFEFF{\"a\":{}}", "\uFEFF{\"a\":{},\"scores\": {\"clip\":0.31}}")]
    public void AddScores_InsertsOneMemberAndKeepsEveryByte(string json, string expected) =>
        Assert.Equal(expected, Encoding.UTF8.GetString(SampleJson.AddScores(Encoding.UTF8.GetBytes(json), Clip, "a.json").Value));

    [Theory]
    [InlineData("{\"scores\": 1}", "orchestrator_scores")]
    [InlineData("{\"sc\\u006fres\": 1}", "orchestrator_scores")]
    [InlineData("{\"scores\": 1, \"orchestrator_scores\": 2}", "orchestrator_scores_2")]
    [InlineData("{\"orchestrator_scores\": 2}", "scores")]
    public void AddScores_NameTaken_UsesTheNextOne(string json, string name)
    {
        using var document = JsonDocument.Parse(SampleJson.AddScores(Encoding.UTF8.GetBytes(json), Clip, "a.json").Value);

        Assert.Equal(0.31f, document.RootElement.GetProperty(name).GetProperty("clip").GetSingle());
        Assert.Equal(name, document.RootElement.EnumerateObject().Last().Name);
    }

    [Fact]
    public void AddScores_Values_ReadBackExactlyAndNaNIsNull()
    {
        KeyValuePair<string, float>[] scores = [new("z", 0.1f), new("a", float.NaN), new("m", 1e-20f), new("basic-filter.words", 12)];

        Assert.Equal("{\"scores\": {\"z\":0.1,\"a\":null,\"m\":1E-20,\"basic-filter.words\":12}}", Encoding.UTF8.GetString(SampleJson.AddScores("{}"u8, scores, "a").Value));
    }

    [Theory]
    [InlineData("{\"uid\": \"a\", \"n\": 1 }", "{\"uid\": \"b\", \"n\": 1,\"scores\": {\"clip\":0.31},\"captions\": [1] }")]
    [InlineData("{\n  \"n\": {\"uid\": \"a\"}, \"uid\" : \"\\u0061\"\n}", "{\n  \"n\": {\"uid\": \"a\"}, \"uid\" : \"b\",\n  \"scores\": {\"clip\":0.31},\n  \"captions\": [1]\n}")]
    [InlineData("{\"uid\": 7}", "{\"uid\": 7,\"scores\": {\"clip\":0.31},\"captions\": [1]}")]
    [InlineData("{}", "{\"scores\": {\"clip\":0.31},\"captions\": [1],\"uid\": \"b\"}")]
    [InlineData("{\"captions\": 0}", "{\"captions\": 0,\"scores\": {\"clip\":0.31},\"orchestrator_captions\": [1],\"uid\": \"b\"}")]
    public void Add_SeveralMembersAndAUid_ChangesNothingElse(string json, string expected)
    {
        AddedMember[] added = [AddedMember.Scores(Clip), new("captions", writer => { writer.WriteStartArray(); writer.WriteNumberValue(1); writer.WriteEndArray(); })];
        Assert.Equal(expected, Encoding.UTF8.GetString(SampleJson.Add(Encoding.UTF8.GetBytes(json), added, "b", "a.json").Value));
    }

    [Theory]
    [InlineData("")]
    [InlineData("[1]")]
    [InlineData("3")]
    [InlineData("{\"a\":1")]
    [InlineData("{\"a\":1} x")]
    [InlineData("{\"a\":NaN}")]
    [InlineData("{\"a\":1,}")]
    [InlineData("{'a':1}")]
    [InlineData("{\"a\\ud800\": 1}")]
    public void AddScores_NotAnObject_IsAFaultAndNothingIsMadeUp(string json)
    {
        var result = SampleJson.AddScores(Encoding.UTF8.GetBytes(json), Clip, "00001.json");

        Assert.Equal("00001.json", result.Fault?.Subject);
    }

    [Fact]
    public void AddScores_BytesThatAreNotUtf8_AreAFault() =>
        Assert.False(SampleJson.AddScores([.. "{\"a\":\""u8, 0xff, .. "\"}"u8], Clip, "a").Ok);

    [Fact]
    public void AddScores_EndlessNesting_IsAFault() =>
        Assert.False(SampleJson.AddScores(Encoding.UTF8.GetBytes("{\"a\":" + new string('[', 100_000)), Clip, "a").Ok);

    [Theory]
    [InlineData("""{"a": 1}""", """{"a": 1,"scores": {"clip":0.5},"uid": "00000000000000010000000000000002"}""")]
    [InlineData("{\n  \"a\": 1\n}", "{\n  \"a\": 1,\n  \"scores\": {\"clip\":0.5},\n  \"uid\": \"00000000000000010000000000000002\"\n}")]
    [InlineData("{}", """{"scores": {"clip":0.5},"uid": "00000000000000010000000000000002"}""")]
    [InlineData("""{"uid": "x", "a": {"uid": 1}}""", """{"uid": "x", "a": {"uid": 1},"scores": {"clip":0.5}}""")]
    public void Add_Uid_IsAddedWhereThereIsNone(string json, string expected) => Assert.Equal(
        expected,
        System.Text.Encoding.UTF8.GetString(SampleJson.Add(System.Text.Encoding.UTF8.GetBytes(json), [AddedMember.Scores([KeyValuePair.Create("clip", 0.5f)])], new SampleUid(1, 2).ToString(), "json", replacesUid: false).Value));
}
