import sys,time,random
from datetime import date,timedelta
import pytest, numpy as np
from django.db import connection
from zhengtong.supervision import due_days
from zhengtong.supervision.models import Watched
from zhengtong.kernel.terms import Term, Unit
from zhengtong.law.calendar_files import load_calendar
def test_b(city_db):
    N=20_000
    cal=load_calendar(); rnd=random.Random(1)
    with connection.cursor() as c:
        c.execute("PRAGMA foreign_keys=OFF")
        rows=[]
        for n in range(N):
            d=date(2026,1,1)+timedelta(days=rnd.randrange(300))
            legal=Term(rnd.choice([5,10,15,20,30,45]),rnd.choice([Unit.WD,Unit.WD,Unit.CD]))
            pr=Term(rnd.choice([1,3,5,7,10]),Unit.WD)
            rows.append((n,str(n),'p','i','r','d','u','','',0,'2026-01-01 00:00:00','2026-01-01 00:00:00',due_days.pack_of(d,legal,pr),1,'2026-01-01 00:00:00','','','{}',''))
        c.executemany("INSERT INTO supervision_watched(case_id,number,procedure,item,region,dept,unit,\"window\",channel,on_spot,opened_at,due_at,clock,seq,evaluated_at,rules,calendar,facts,outcome) VALUES (%s,%s,%s,%s,%s,%s,%s,%s,%s,%s,%s,%s,%s,%s,%s,%s,%s,%s,%s)",rows)
    with connection.cursor() as c:
        c.execute("EXPLAIN QUERY PLAN "+due_days._DIFFERENT); print(c.fetchall())
    for _ in range(1):
        t=time.process_time(); x=due_days.due_days_of_open(cal); a=time.process_time()-t
        t=time.process_time(); ids,y=due_days.due_days_by_case(cal); b=time.process_time()-t
        print('distinct',len(x.clocks),a,'by case',b,len(ids))
    t=time.process_time()
    k=0
    for case_id, clock in Watched.objects.filter(clock__isnull=False).values_list('case_id','clock')[:2000].iterator():
        day=date(1970,1,1)+timedelta(days=clock&((1<<20)-1)); terms=clock>>20; f=terms&16383; n=f&4095; u=f>>12
        left=n; dd=day
        if u==1:
            while left:
                dd+=timedelta(days=1)
                if cal.is_working(dd): left-=1
        else:
            dd=day+timedelta(days=n)
            while not cal.is_working(dd): dd+=timedelta(days=1)
        k+=1
    w=(time.process_time()-t)/2000*N
    t=time.process_time()
    for case_id, clock in Watched.objects.filter(clock__isnull=False).values_list('case_id','clock')[:10000].iterator():
        day=date(1970,1,1)+timedelta(days=clock&((1<<20)-1)); terms=clock>>20; f=terms&16383; n=f&4095; u=f>>12
        cal.due_day(day, Term(n, due_days.UNITS[u]))
    o=(time.process_time()-t)/10000*N
    print('walk',w,'orm prefix',o,'ratios distinct',w/a,o/a,'by case',w/b,o/b)
    connection.close()
