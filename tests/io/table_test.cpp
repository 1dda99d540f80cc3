// What the public reader makes of small files.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "io/helpers.hpp"

namespace ramet::io {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using Names = std::vector<std::string>;

Contents read(std::string_view text, const TableOptions& options = {}) {
  const TemporaryFile file(text);
  return contents_of(Table::open(file, options));
}

TEST(Table, TypesColumnsFromAllRows) {
  const Contents table = read(
      "number,flag,text,late,empty,mixed\n"
      "1,true,a,1,,true\n"
      "-2.5e3,False,,2,NA,1\n"
      "nan,NULL,b,x,?,false\n");
  EXPECT_THAT(table.names, ElementsAre("number", "flag", "text", "late", "empty", "mixed"));
  EXPECT_THAT(table.types,
              ElementsAre(ColumnType::numeric, ColumnType::boolean, ColumnType::categorical,
                          ColumnType::categorical, ColumnType::numeric, ColumnType::categorical));
  EXPECT_THAT(table.values[0], ElementsAre(number_text(1), number_text(-2500), "missing"));
  EXPECT_THAT(table.values[1], ElementsAre("1", "0", "missing"));
  EXPECT_THAT(table.values[2], ElementsAre("a", "missing", "b"));
  EXPECT_THAT(table.values[3], ElementsAre("1", "2", "x"));
  EXPECT_THAT(table.values[4], ElementsAre("missing", "missing", "missing"));
  EXPECT_THAT(table.values[5], ElementsAre("true", "1", "false"));
}

TEST(Table, KnowsAllMissingMarksAndBlanks) {
  const Contents table =
      read("x,c\n,\nNA,NA\nNaN,NaN\nnan,nan\nnull,null\nNULL,NULL\n?,?\n  , \t \n 5 , b \n\" ? \",\"\"\n");
  EXPECT_THAT(table.types, ElementsAre(ColumnType::numeric, ColumnType::categorical));
  EXPECT_EQ(missing_in(table, "x"), 9);
  EXPECT_EQ(missing_in(table, "c"), 9);
  EXPECT_EQ(table.values[0][8], number_text(5));
  EXPECT_EQ(table.values[1][8], "b");
}

TEST(Table, OrdersCategoriesByCountThenBytes) {
  const TemporaryFile file("c\nb\na\nb\nc\na\nz\n\n");
  EXPECT_THAT(Table::open(file).features()[0].categories, ElementsAre("a", "b", "c", "z"));
}

TEST(Table, ReadsQuotesLineEndsAndByteOrderMark) {
  const Contents table = read("\xEF\xBB\xBF\"a,1\",b\r\n\"x\r\ny\",\"1\"\r\n\"say \"\"hi\"\"\",2\r\n\r\n");
  EXPECT_THAT(table.names, ElementsAre("a,1", "b"));
  EXPECT_THAT(table.values[0], ElementsAre("x\r\ny", "say \"hi\""));
  EXPECT_THAT(table.types, ElementsAre(ColumnType::categorical, ColumnType::numeric));
}

TEST(Table, NamesColumnsWithoutAHeader) {
  TableOptions options;
  options.header = false;
  options.target = "f1";
  const Contents table = read("1,2,a\n3,4,b\n", options);
  EXPECT_THAT(table.names, ElementsAre("f0", "f2"));
  EXPECT_THAT(table.labels, ElementsAre(2, 4));
}

TEST(Table, ReadsOtherDelimiters) {
  TableOptions options;
  options.delimiter = '\t';
  EXPECT_THAT(read("a\tb\n1\t2\n", options).names, ElementsAre("a", "b"));
  options.delimiter = ';';
  EXPECT_EQ(read("a;b\n\"1;2\";0,5\n", options).values[1][0], "0,5");
}

TEST(Table, GivesColumnsTheirRoles) {
  TableOptions options;
  options.target = "y";
  options.weight = "w";
  options.base_margin = {"m2", "m1"};
  options.group = "q";
  options.ignore = {"id"};
  options.categorical = {"zip"};
  options.numeric = {"x"};
  const Contents table = read("id,x,zip,y,w,m1,m2,q\n!,1,09,1.5,2,.1,.2,a\n?,,09,2.5,0,.3,.4,a\n", options);
  EXPECT_THAT(table.names, ElementsAre("x", "zip"));
  EXPECT_THAT(table.types, ElementsAre(ColumnType::numeric, ColumnType::categorical));
  EXPECT_THAT(table.values[1], ElementsAre("09", "09"));
  EXPECT_THAT(table.labels, ElementsAre(1.5, 2.5));
  EXPECT_THAT(table.weights, ElementsAre(2, 0));
  EXPECT_THAT(table.base_margins, ElementsAre(.2, .1, .4, .3));
}

Names classes_in(std::string_view labels, const Names& given = {}, std::vector<double>* found = nullptr) {
  std::string text = "x,y\n";
  for (const char c : labels) text += c == ' ' ? "\n" : std::string(text.back() == '\n' ? "0," : "") + c;
  const TemporaryFile file(text + "\n");
  TableOptions options;
  options.target = "y";
  options.target_is_class = true;
  options.classes = given;
  const Table table = Table::open(file, options);
  if (found != nullptr) *found = contents_of(table).labels;
  return table.classes();
}

TEST(Classes, AreNumbersInNumericOrderOrTextInByteOrder) {
  std::vector<double> labels;
  EXPECT_THAT(classes_in("10 9 -1 9", {}, &labels), ElementsAre("-1", "9", "10"));
  EXPECT_THAT(labels, ElementsAre(2, 1, 0, 1));
  EXPECT_THAT(classes_in("b a B a", {}, &labels), ElementsAre("B", "a", "b"));
  EXPECT_THAT(labels, ElementsAre(2, 1, 0, 1));
  EXPECT_THAT(classes_in("10 9 x", {}, &labels), ElementsAre("10", "9", "x"));
  EXPECT_THAT(classes_in("1.0 0 1 0.00", {}, &labels), ElementsAre("0", "1"));
  EXPECT_THAT(labels, ElementsAre(1, 0, 1, 0));
}

TEST(Classes, GivenOnesAreKept) {
  std::vector<double> labels;
  EXPECT_THAT(classes_in("no yes", {"yes", "no", "maybe"}, &labels), ElementsAre("yes", "no", "maybe"));
  EXPECT_THAT(labels, ElementsAre(1, 0));
  classes_in("1.0 0", {"0", "1"}, &labels);
  EXPECT_THAT(labels, ElementsAre(1, 0));
}

std::string open_error(std::string_view text, const TableOptions& options = {},
                       ErrorCode code = ErrorCode::invalid_data, std::string_view ending = ".csv") {
  const TemporaryFile file(text, ending);
  std::string message = error_of(code, [&] { Table::open(file, options); });
  const std::string path = file.path().string();
  const auto at = message.find(path);
  return at == std::string::npos ? message : message.replace(at, path.size(), "FILE");
}

TEST(TableErrors, NameFileLineAndColumn) {
  TableOptions options;
  options.numeric = {"age"};
  EXPECT_THAT(open_error("age,b\n1,x\n\n2,\"x\n\"\nabc,x\n", options),
              HasSubstr("FILE:6: column \"age\" = \"abc\": must be a number"));
  options = {};
  options.target = "y";
  EXPECT_EQ(open_error("x,y\n1,1\n1,NA\n", options),
            "FILE:3: column \"y\" is missing: every row needs a target");
  EXPECT_THAT(open_error("x,y\n1,abc\n", options),
              HasSubstr("FILE:2: column \"y\" = \"abc\": must be a number"));
  EXPECT_THAT(open_error("x,y\n1,inf\n", options), HasSubstr("must be finite"));
  options.weight = "x";
  EXPECT_EQ(open_error("x,y,z\n1,1,1\n-1,1,1\n", options), "FILE:3: column \"x\" = \"-1\": must be >= 0");
  EXPECT_EQ(open_error("x,y,z\n,1,1\n-1,1,1\n", options),
            "FILE:2: column \"x\" is missing: every row needs a weight");
  options.target_is_class = true;
  EXPECT_THAT(open_error("x,y,z\n1,,1\n", options), HasSubstr("FILE:2: column \"y\" is missing"));
  options.classes = {"a", "b"};
  EXPECT_EQ(open_error("x,y,z\n1,a,1\n1,c,1\n", options),
            "FILE:3: column \"y\" = \"c\": is none of the known classes");
  options.classes = {"1", "2"};
  EXPECT_EQ(open_error("x,y,z\n1,2,1\n1,3,1\n", options),
            "FILE:3: column \"y\" = \"3\": is none of the known classes");
  options = {};
  options.group = "q";
  EXPECT_THAT(open_error("x,q\n1,\n", options),
              HasSubstr("FILE:2: column \"q\" is missing: every row needs a group"));
  options = {};
  options.base_margin = {"q"};
  EXPECT_THAT(open_error("x,q\n1,?\n", options), HasSubstr("every row needs a base margin"));
}

TEST(TableErrors, RaggedRows) {
  EXPECT_EQ(open_error("a,b,c\n1,2,3\n1,2\n"), "FILE:3: the row has 2 fields, expected 3");
  EXPECT_EQ(open_error("a,b,c\n1,2,3,4,5\n"), "FILE:2: the row has 5 fields, expected 3");
  EXPECT_EQ(open_error("a,b,c\n1\n"), "FILE:2: the row has 1 field, expected 3");
}

TEST(TableErrors, EmptyFiles) {
  EXPECT_EQ(open_error(""), "FILE: is empty");
  EXPECT_EQ(open_error("\n\r\n\n"), "FILE: is empty");
  EXPECT_EQ(open_error("\xEF\xBB\xBF"), "FILE: is empty");
  EXPECT_EQ(open_error("a,b\n"), "FILE: has a header and no rows");
  EXPECT_EQ(open_error("a,b"), "FILE: has a header and no rows");
}

TEST(TableErrors, MalformedText) {
  EXPECT_EQ(open_error("a,b\n1,\"2\n"), "FILE:2: a quote is opened and never closed");
  EXPECT_THAT(open_error("a,b\n1,\"2\"3\n"), HasSubstr("FILE:2: text after a closing quote"));
  EXPECT_THAT(open_error("a,b\n1,x\n\n2,caf\xE9\n"), HasSubstr("FILE:4: the byte 0xe9 is not UTF-8"));
  EXPECT_THAT(open_error("caf\xE9,b\n1,x\n"), HasSubstr("FILE:1: the byte 0xe9 is not UTF-8"));
  EXPECT_THAT(open_error(std::string_view("a,b\n1,x\0\n", 9)), HasSubstr("FILE:2: a NUL byte"));
  EXPECT_THAT(open_error("\xFF\xFE"
                         "a"),
              HasSubstr("UTF-16"));
  EXPECT_EQ(open_error("a,b,a\n1,2,3\n"), "FILE: columns 1 and 3 are both named \"a\"");
}

TEST(TableErrors, OptionsThatDoNotFit) {
  const auto error = [](const TableOptions& options) {
    return open_error("age,income\n1,2\n", options, ErrorCode::invalid_parameter);
  };
  TableOptions options;
  options.target = "incom";
  EXPECT_EQ(
      error(options),
      "target = \"incom\": FILE has no such column (did you mean \"income\"?); it has \"age\", \"income\"");
  options.target = "income";
  options.weight = "income";
  EXPECT_THAT(error(options), HasSubstr("column \"income\" is named both as target and as weight"));
  options = {};
  options.delimiter = '"';
  EXPECT_THAT(error(options), HasSubstr("delimiter = "));
  options = {};
  options.block_bytes = -1;
  EXPECT_THAT(error(options), HasSubstr("block_bytes = -1: must be between 0 and"));
  options = {};
  options.keep_bytes = -1;
  EXPECT_THAT(error(options), HasSubstr("keep_bytes = -1: must be >= 0"));
  options = {};
  options.threads = -1;
  EXPECT_THAT(error(options), HasSubstr("threads = -1"));
  options = {};
  options.target = "age";
  options.target_is_class = true;
  options.classes = {"1", "1.0"};
  EXPECT_THAT(error(options), HasSubstr("classes: \"1\" and \"1.0\" are the same class"));
  options.classes = {"a", "a"};
  EXPECT_THAT(error(options), HasSubstr("classes: \"a\" and \"a\" are the same class"));
  options = {};
  options.ignore = {"age", "income"};
  EXPECT_THAT(open_error("age,income\n1,2\n", options), HasSubstr("no column left to be a feature"));
}

TEST(TableErrors, FilesThatCannotBeRead) {
  EXPECT_THAT(error_of(ErrorCode::io, [] { Table::open("/no/such/file.csv"); }),
              HasSubstr("/no/such/file.csv: no such file"));
  EXPECT_THAT(error_of(ErrorCode::io, [] { Table::open(std::filesystem::temp_directory_path()); }),
              HasSubstr("directory"));
  EXPECT_THAT(open_error("a,b\n1,2\n", {}, ErrorCode::io, ".csv.gz"), HasSubstr("its name ends in .gz"));
  EXPECT_THAT(open_error("a,b\n1,2\n", {}, ErrorCode::io, ".csv.zst"), HasSubstr("its name ends in .zst"));
}

std::string many_rows() {
  std::string text = "a,b\n";
  for (int i = 0; i < 20'000; ++i)
    text += std::to_string(i * 7919 % 10007) + ",word" + std::to_string(i % 13) + "\n";
  return text;
}

TEST(Compression, GivesTheSameTable) {
  const std::string text = many_rows();
  const Contents plain = read(text);
  EXPECT_EQ(plain, naive_contents(text));
  for (const bool named : {true, false}) {
    const TemporaryFile gz(gzip(text), named ? ".csv.gz" : ".csv");
    EXPECT_EQ(contents_of(Table::open(gz)), plain);
    const TemporaryFile zst(zstd(text), named ? ".csv.zst" : ".data");
    EXPECT_EQ(contents_of(Table::open(zst)), plain);
  }
  const TemporaryFile members(gzip(text.substr(0, 5000)) + gzip(text.substr(5000)), ".csv.gz");
  EXPECT_EQ(contents_of(Table::open(members)), plain);
}

TEST(Compression, DamageIsAnError) {
  const std::string text = many_rows();
  for (const bool use_gzip : {true, false}) {
    const std::string whole = use_gzip ? gzip(text) : zstd(text);
    const char* ending = use_gzip ? ".csv.gz" : ".csv.zst";
    for (const std::size_t size : {whole.size() - 1, whole.size() - 9, whole.size() / 2, std::size_t{12}}) {
      EXPECT_THAT(open_error(whole.substr(0, size), {}, ErrorCode::io, ending),
                  HasSubstr("damaged or incomplete"))
          << size;
    }
  }
}

TEST(Table, NoticesThatTheFileChanged) {
  const TemporaryFile file("a,b\n1,2\n3,4\n");
  const Table table = Table::open(file);
  write_file(file, "a,b\n1,2\n3,4\n5,6\n");
  EXPECT_THAT(error_of(ErrorCode::io, [&] { contents_of(table); }),
              HasSubstr("has changed since it was opened"));
}

Schema schema() {
  return {.features = {{"n", ColumnType::numeric, {}},
                       {"b", ColumnType::boolean, {}},
                       {"c", ColumnType::categorical, {"1", "2"}}},
          .target = "y",
          .classes = {}};
}

TEST(TableWithSchema, TakesTypesByNameAndIgnoresTheRest) {
  const Schema types = schema();
  TableOptions options;
  options.schema = &types;
  const Contents table = read("c,extra,b,n\n1,foo,true,\n3,bar,0, 7\n,,NA,inf\n", options);
  EXPECT_THAT(table.names, ElementsAre("n", "b", "c"));
  EXPECT_EQ(table.values[0], (Names{"missing", number_text(7), number_text(INFINITY)}));
  EXPECT_EQ(table.values[1], (Names{"1", "0", "missing"}));
  EXPECT_EQ(table.values[2], (Names{"1", "3", "missing"}));
}

TEST(TableWithSchema, RefusesWhatDoesNotFit) {
  const Schema types = schema();
  TableOptions options;
  options.schema = &types;
  EXPECT_EQ(open_error("b,x\ntrue,1\n", options),
            "FILE: 2 of the model's 3 features are not in the file: \"n\", \"c\"");
  EXPECT_THAT(open_error("c,b,n\n1,true,1\n1,true,ten\n", options),
              HasSubstr("FILE:3: column \"n\" = \"ten\": must be a number"));
  EXPECT_THAT(open_error("c,b,n\n1,maybe,1\n", options),
              HasSubstr("FILE:2: column \"b\" = \"maybe\": must be true or false"));
  options.weight = "n";
  EXPECT_THAT(open_error("c,b,n\n1,true,1\n", options, ErrorCode::invalid_parameter),
              HasSubstr("is a feature of the model"));
}

}  // namespace
}  // namespace ramet::io
