package aiserver.service.order;

import static org.assertj.core.api.Assertions.assertThat;

import aiserver.job.JsonObjects;
import aiserver.job.OrderContext.MenuItem;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class OrderStateMergeTest {
    private static final OrderMenu MENU = new OrderMenu(List.of(
            new MenuItem("딸기", 10L, List.of("클래식", "모던"), List.of("초", "리본")),
            new MenuItem("초코", 12L, List.of("클래식"), List.of("초")), new MenuItem("쿠키", null, List.of(), List.of())));

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', value = {
        // what was held | what is said | what is held then
        "{} | {'menu':'딸기','style':null,'options':[],'quantity':2,'remove':[]} | {'menu':'딸기','quantity':2}",
        // a forgetful answer loses nothing, and the backend's own keys stay as they are
        "{'id':7,'menu':'딸기','options':['초'],'x':null} | {'menu':null,'options':[],'remove':[]} | {'id':7,'menu':'딸기','options':['초'],'x':null}",
        "{'menu':'딸기'} | {'menu':'','style':'  '} | {'menu':'딸기'}",
        "{'lettering':'축하'} | {'lettering':'사랑해'} | {'lettering':'사랑해'}",
        // options are added, each once
        "{'options':['초']} | {'options':['리본','초']} | {'options':['초','리본']}",
        "{'options':'초'} | {'options':['리본']} | {'options':['초','리본']}",
        // a blank one and one that is there twice go with the next change
        "{'options':['초','',null,'초']} | {'options':['리본']} | {'options':['초','리본']}",
        "{'options':' '} | {'options':['리본']} | {'options':['리본']}",
        // a backend that keeps more than a name of an option finds it again
        "{'options':[{'name':'초','price':500},7]} | {'options':['리본','초']} | {'options':[{'name':'초','price':500},7,'리본']}",
        "{'options':{'name':'초'}} | {'options':['리본']} | {'options':[{'name':'초'},'리본']}",
        "{'options':[{'name':'초','price':500},'리본',{'id':3}]} | {'remove':['초']} | {'options':['리본',{'id':3}]}",
        "{'menu':'딸기','options':[{'name':'초','price':1},{'name':'리본'},{'id':3}]} | {'menu':'초코'} | {'menu':'초코','options':[{'name':'초','price':1},{'id':3}]}",
        // taking out
        "{'options':['초','리본'],'lettering':'축하'} | {'options':[],'remove':['초','lettering']} | {'options':['리본']}",
        "{'style':'모던'} | {'style':'클래식','remove':['style']} | {'style':'클래식'}",
        "{'id':7} | {'remove':['id','없음']} | {'id':7}",
        // the same menu said again takes nothing with it
        "{'menu':'딸기','style':'맞춤','options':['땅콩 제외']} | {'menu':'딸기','quantity':2} | {'menu':'딸기','style':'맞춤','options':['땅콩 제외'],'quantity':2}",
        // another menu takes with it what it does not have
        "{'menu':'딸기','style':'모던','options':['초','리본']} | {'menu':'초코'} | {'menu':'초코','options':['초']}",
        "{'menu':'딸기','style':'클래식'} | {'menu':'초코'} | {'menu':'초코','style':'클래식'}",
        "{'menu':'딸기','style':'모던','options':['리본']} | {'menu':'쿠키'} | {'menu':'쿠키','style':'모던','options':['리본']}",
        "{'menu':'딸기','style':'모던'} | {'menu':'새 메뉴'} | {'menu':'새 메뉴','style':'모던'}"})
    void merges(String current, String said, String merged) {
        assertThat(JsonObjects.write(OrderStateMerge.merge(JsonObjects.read(json(current)), JsonObjects.read(json(said)), MENU)))
                .isEqualTo(json(merged));
    }

    @Test
    void aClearedOrderKeepsTheBackendsKeys() {
        assertThat(OrderStateMerge.cleared(JsonObjects.read("{\"id\":7,\"menu\":\"딸기\",\"notes\":\"x\",\"shop\":null}")))
                .isEqualTo(JsonObjects.read("{\"id\":7,\"shop\":null}"));
    }

    private static String json(String text) {
        return text.replace('\'', '"');
    }
}
